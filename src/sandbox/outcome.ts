/**
 * The words by which a prompt asks the sandbox for an outcome: `[sandbox: moderated, duration=2s]`.
 *
 * One table for the parser, the documentation and the tests. `kind` says what a word changes:
 * `end` how the task ends (at most one), `refuse` the submit is answered with an error and no task is made,
 * `submit` how the answer to the submit travels, `poll` what looking at the task says, `result` what stands behind the
 * result's address, `time` how long the task takes, `webhook` what is sent to the task's webhook, if it has one, `cancel` what
 * becomes of a request to cancel, where the dialect has one, `form` in which of several forms a dialect gives the result. A
 * word means the same in every dialect, in that dialect's own status words and error bodies; where a dialect lacks the
 * thing, it does the nearest to it.
 */
type WordKind = 'end' | 'refuse' | 'submit' | 'poll' | 'result' | 'time' | 'webhook' | 'cancel' | 'form';

/** A count that is never reached: the word holds every time. */
export const everyTime = 9_999;

type Word = {
  readonly kind: WordKind;
  readonly description: string;
  /** `seconds` must be given as `=2s`, `=500ms` or `=2`; `count` may be given as `=3` and has a default. */
  readonly value?: { readonly unit: 'seconds' } | { readonly unit: 'count'; readonly default: number };
};

const words = {
  ready: { kind: 'end', description: 'Ends well. The same as no word at all.' },
  'request-moderated': { kind: 'end', description: 'Refused by moderation before any work, soon after the submit.' },
  moderated: { kind: 'end', description: 'The picture is made, then withheld by moderation (`Content Moderated`).' },
  error: { kind: 'end', description: 'Ends with the status `Error`.' },
  failed: {
    kind: 'end',
    description: 'Ends with the undocumented status `Failed`, which official sample code expects.',
  },
  canceled: { kind: 'end', description: 'Canceled by the upstream, although nobody asked for it.' },
  timeout: { kind: 'end', description: 'Ends because no machine took it up in time.' },
  oom: { kind: 'end', description: 'On ComfyUI: the card runs out of memory half way through.' },
  crash: {
    kind: 'end',
    description: 'On ComfyUI: it dies half way through and starts anew. Queue and history are lost, of all prompts.',
  },
  'not-found': { kind: 'end', description: 'The task is accepted and charged, then nobody knows it.' },
  stuck: { kind: 'end', description: 'Pending for ever; holds its place among the active tasks.' },
  '400': { kind: 'refuse', description: 'The submit is refused with 400, malformed request.' },
  '401': { kind: 'refuse', description: 'The submit is refused with 401, wrong key.' },
  '402': { kind: 'refuse', description: 'The submit is refused with 402, out of credits.' },
  '403': { kind: 'refuse', description: 'The submit is refused with 403, key not allowed.' },
  '404': { kind: 'refuse', description: 'The submit is refused with 404, as for a retired endpoint.' },
  '422': { kind: 'refuse', description: 'The submit is refused with 422, a validation error in the prompt.' },
  '429': { kind: 'refuse', description: 'The submit is refused with 429, too many active tasks.' },
  '500': { kind: 'refuse', description: 'The submit is refused with 500.' },
  '503': { kind: 'refuse', description: 'The submit is refused with 503, maintenance.' },
  '504': { kind: 'refuse', description: 'The submit is refused with 504, a gateway that waited too long.' },
  'quota-200': {
    kind: 'refuse',
    description:
      'The quota is out, and a gateway says so in an error body with the status 200; anybody else says it with 402.',
  },
  'lost-reply': {
    kind: 'submit',
    description:
      'The task is made and charged, then the connection is cut without an answer. With a number, only for the first so many submits of that body.',
    value: { unit: 'count', default: everyTime },
  },
  'html-reply': {
    kind: 'submit',
    description: 'The task is made and charged, and the answer is an HTML page with the status 200.',
  },
  'truncated-reply': {
    kind: 'submit',
    description: 'The task is made and charged, and the connection is cut in the middle of the answer.',
  },
  '500-accepted': { kind: 'submit', description: 'The task is made and charged, and the answer is 500 all the same.' },
  'slow-reply': {
    kind: 'submit',
    description: 'The task is made at once, the answer comes after that many seconds (divided by the time scale).',
    value: { unit: 'seconds' },
  },
  'foreign-polling-url': { kind: 'submit', description: 'The polling URL in the answer points to another host.' },
  partial: {
    kind: 'submit',
    description: 'On ComfyUI: taken with 200, but `node_errors` says that nothing will be saved, and nothing is.',
  },
  'late-task': {
    kind: 'poll',
    description: 'The first looks say `Task not found`, then all is well.',
    value: { unit: 'count', default: 3 },
  },
  'unknown-status': { kind: 'poll', description: 'Says `Reasoning` and `Generating` instead of `Pending`.' },
  'poll-500': { kind: 'poll', description: 'The first looks are answered 500.', value: { unit: 'count', default: 2 } },
  'poll-429': { kind: 'poll', description: 'The first looks are answered 429.', value: { unit: 'count', default: 2 } },
  'poll-html': {
    kind: 'poll',
    description: 'The first looks are answered with an HTML page and the status 200.',
    value: { unit: 'count', default: 2 },
  },
  'poll-truncated': {
    kind: 'poll',
    description: 'The first looks are cut in the middle of the answer.',
    value: { unit: 'count', default: 2 },
  },
  expired: { kind: 'result', description: 'Ready, but the result URL is dead from the start.' },
  html: { kind: 'result', description: 'Ready, but the result URL serves an HTML page with status 200.' },
  'not-an-image': { kind: 'result', description: 'Ready, but the bytes called image/jpeg are none.' },
  huge: {
    kind: 'result',
    description: 'Ready, but the image never seems to end: gigabytes, with no length announced.',
  },
  'no-image': { kind: 'result', description: 'Ends well, and there is no image in the result.' },
  'foreign-sample-url': { kind: 'result', description: 'Ready, but the result URL points to another host.' },
  'ready-at-once': {
    kind: 'time',
    description: 'Done as soon as it is submitted; a gateway says so in its answer to the submit.',
  },
  duration: {
    kind: 'time',
    description: 'Takes exactly that many seconds from submit to end (divided by the time scale).',
    value: { unit: 'seconds' },
  },
  'webhook-missing': { kind: 'webhook', description: 'The webhook never comes.' },
  'webhook-doubled': { kind: 'webhook', description: 'The webhook comes twice at once.' },
  'webhook-late': {
    kind: 'webhook',
    description: 'The webhook comes that many seconds after the end (divided by the time scale).',
    value: { unit: 'seconds' },
  },
  'webhook-forged': {
    kind: 'webhook',
    description: 'Before the real webhook comes one with a wrong status and a wrong signature.',
  },
  'webhook-early': {
    kind: 'webhook',
    description:
      'Half way through the task comes a well signed webhook that tells its end already; the real one follows.',
  },
  'cancel-ignored': { kind: 'cancel', description: 'A cancel is answered as usual, and the task runs on to its end.' },
  'cancel-refused': {
    kind: 'cancel',
    description: 'A cancel is answered as one that comes too late, whenever it comes.',
  },
  'cancel-lost': { kind: 'cancel', description: 'The task is canceled, then the connection is cut without an answer.' },
  'in-text': { kind: 'form', description: 'The `/v1/responses` route gives the image as an address within text.' },
  'in-base64': {
    kind: 'form',
    description: 'The `/v1/responses` route gives the image as an image_generation_call in base64.',
  },
  'in-url': {
    kind: 'form',
    description: 'The `/v1/responses` route gives the image as an item of its own with an address.',
  },
} as const satisfies Record<string, Word>;

type OutcomeWord = keyof typeof words;

/** Every word that a prompt may use, with what it does. */
export const outcomeWords: Readonly<Record<OutcomeWord, Word>> = words;

/** The words asked for. A word with a value has it here (seconds or count), any other word has 1. */
export type Wish = Partial<Record<OutcomeWord, number>>;

function isOutcomeWord(word: string): word is OutcomeWord {
  return Object.hasOwn(words, word);
}

function readValue(word: OutcomeWord, text: string | undefined): number | null {
  const value = outcomeWords[word].value;
  if (value === undefined) return text === undefined ? 1 : null;
  if (value.unit === 'count') {
    if (text === undefined) return value.default;
    return /^\d{1,4}$/.test(text) ? Number(text) : null;
  }
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s)?$/.exec(text ?? '');
  if (match === null) return null;
  const seconds = Number(match[1]) / (match[2] === 'ms' ? 1000 : 1);
  return seconds <= 86_400 ? seconds : null;
}

function expectation(word: OutcomeWord): string {
  const unit = outcomeWords[word].value?.unit;
  if (unit === 'seconds') return `"${word}" needs a time up to a day, as in ${word}=2s or ${word}=500ms`;
  return unit === 'count' ? `"${word}" takes a whole number, as in ${word}=3` : `"${word}" takes no value`;
}

/** Reads every `[sandbox: …]` in a prompt. `problem` is a sentence for the caller, or null when all was understood. */
export function readWish(prompt: string): { wish: Wish; problem: string | null } {
  const wish: Wish = {};
  for (const [, list = ''] of prompt.matchAll(/\[sandbox:([^\]]*)\]/gi)) {
    for (const item of list.split(',')) {
      const [word = '', value] = item.split('=').map((part) => part.trim().toLowerCase());
      if (word === '' && value === undefined) continue;
      if (!isOutcomeWord(word)) {
        const known = Object.keys(words).join(', ');
        return { wish: {}, problem: `Unknown sandbox word "${word}". Known words: ${known}` };
      }
      const given = readValue(word, value);
      if (given === null) return { wish: {}, problem: `Sandbox word ${expectation(word)}` };
      wish[word] = given;
    }
  }
  const exclusive = wishedWords(wish).filter((word) => ['end', 'refuse'].includes(outcomeWords[word].kind));
  if (exclusive.length > 1)
    return { wish: {}, problem: `Sandbox words contradict each other: ${exclusive.join(', ')}` };
  return { wish, problem: null };
}

/** The words of a wish, in the order in which they were asked for. */
function wishedWords(wish: Wish): OutcomeWord[] {
  return Object.keys(wish).filter(isOutcomeWord);
}

/** A refusal's HTTP status; `inside200` when an upstream that can should send it as an error body with the status 200. */
export type Refusal = { status: number; inside200: boolean };

/** How the wish wants the submit refused, or null. */
export function wishedRefusal(wish: Wish): Refusal | null {
  const word = wishedWords(wish).find((each) => outcomeWords[each].kind === 'refuse');
  if (word === undefined) return null;
  return word === 'quota-200' ? { status: 402, inside200: true } : { status: Number(word), inside200: false };
}
