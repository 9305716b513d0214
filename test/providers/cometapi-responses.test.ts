import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnd } from '../../src/providers/cometapi-responses/end.js';
import type { SubmitRequest } from '../../src/providers/provider.js';
import { startBench } from './contract/bench.js';
import { cometapiResponses } from './contract/cometapi-responses.js';

const never = new AbortController().signal;
const url = 'https://delivery-eu1.bfl.ai/results/a%2Fb.jpeg?sig=x%2By%3D&se=1';
const bytes = Buffer.alloc(90, 'picture');
const base64 = bytes.toString('base64');
const byUrl = { kind: 'url', url };
const byBytes = { kind: 'bytes', bytes };

function said(text: string) {
  return { id: 'r', status: 'completed', output: [{ type: 'message', content: [{ type: 'output_text', text }] }] };
}
const item = (fields: object) => ({ id: 'r', status: 'completed', output: [fields] });
const part = (fields: object) => item({ type: 'message', content: [fields] });

describe('the picture', () => {
  it.each<[string, Record<string, unknown>, object]>([
    ['base64 of an image call', item({ type: 'image_generation_call', result: base64 }), byBytes],
    ['base64 in lines', item({ result: base64.replace(/.{60}/g, '$&\r\n') }), byBytes],
    ['a data URI', item({ result: `data:image/png;base64,${base64}` }), byBytes],
    ['an address of an image call', item({ type: 'image_generation_call', result: url }), byUrl],
    ['an image part', part({ type: 'output_image', image_url: url }), byUrl],
    ['an image part with its address in an object', part({ type: 'image_url', image_url: { url } }), byUrl],
    ['an image part in base64', part({ type: 'output_image', image_base64: base64 }), byBytes],
    ['the older images form', { data: [{ url }] }, byUrl],
    ['the older images form in base64', { data: [{ b64_json: base64 }] }, byBytes],
    ['markdown', said(`Done.\n![a (b)](${url} "title")`), byUrl],
    ['a markdown link', said(`Done: [the picture](${url}).`), byUrl],
    ['a bare address', said(`See ${url}.`), byUrl],
    ['an address alone', said(url), byUrl],
    [
      'a picture among pages',
      said(`By https://bfl.ai/docs: ${url.replace('?', '?a=1&')}`),
      { url: url.replace('?', '?a=1&') },
    ],
    ['a data URI in a text', said(`![x](data:image/png;base64,${base64})`), byBytes],
    ['the text of the whole', { id: 'r', status: 'completed', output: [], output_text: url }, byUrl],
    ['no status', { output: [{ result: url }] }, byUrl],
    ['a field before a text', { ...said('https://a.example/x.png'), data: [{ url }] }, byUrl],
  ])('%s', (_, answer, image) => {
    expect(readEnd(answer, 'key')).toMatchObject({ kind: 'ready', image });
  });
});

describe('no picture', () => {
  it.each<[string, Record<string, unknown>, object | null]>([
    [
      'a text without an address',
      said('I cannot draw.'),
      { kind: 'failed', message: 'the response holds no picture: I cannot draw.' },
    ],
    [
      'words in place of base64',
      item({ result: 'Your image is being generated, have some patience with it please' }),
      { kind: 'failed' },
    ],
    ['a word in place of base64', item({ result: 'generating' }), { kind: 'failed' }],
    ['an address of no web', said('ftp://a.example/x.png'), { kind: 'failed' }],
    ['nothing', item({}), { kind: 'failed', message: 'the response holds no picture' }],
    ['nothing yet', { id: 'r', status: 'queued', output: [] }, null],
    [
      'too few words',
      { id: 'r', status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      { kind: 'failed', message: 'the response is incomplete: max_output_tokens' },
    ],
    [
      'a failure',
      { id: 'r', status: 'failed', error: { code: 'server_error', message: 'broken' } },
      { kind: 'failed', message: 'broken' },
    ],
    ['a failure without a word', { id: 'r', status: 'failed', error: null }, { kind: 'failed' }],
    [
      'a failure of no status',
      { id: 'r', error: { code: '', message: 'no channel' } },
      { kind: 'failed', message: 'no channel' },
    ],
    [
      'rules, in the error',
      { status: 'failed', error: { code: 'image_content_policy_violation', message: 'not this' } },
      { kind: 'moderated', stage: 'INPUT', reasons: ['not this'] },
    ],
    [
      'rules, in the image call',
      item({ type: 'image_generation_call', result: null, error: { code: 'moderation_blocked', message: 'x' } }),
      { kind: 'moderated', stage: 'OUTPUT' },
    ],
    [
      'a refusal beside an image call',
      { output: [{ type: 'image_generation_call', result: null }, { content: [{ refusal: 'no' }] }] },
      { kind: 'moderated', stage: 'OUTPUT', reasons: ['no'] },
    ],
    [
      'a refusal beside a picture',
      item({ content: [{ refusal: 'no' }, { image_url: url }] }),
      { kind: 'moderated', stage: 'INPUT', reasons: ['no'] },
    ],
  ])('%s', (_, answer, outcome) => {
    expect({ end: readEnd(answer, 'key') }).toMatchObject({ end: outcome });
  });
});

describe('what it cannot carry is refused before anything is sent, naming the other provider', () => {
  const image = { id: 'i', bytes: Buffer.from('x') };
  it.each<[string, Partial<SubmitRequest>]>([
    ['a finetune', { finetuneId: 'my-finetune' }],
    ['a finetune', { loraUrl: 'https://weights.example/x' }],
    ['controlImage', { images: { controlImage: image } }],
    ['steps', { parameters: { steps: 50 } }],
  ])('%s', async (what, asked) => {
    const { provider, account, upstream } = await startBench(cometapiResponses, () => []);
    const outcome = await provider.submit(account, { ...cometapiResponses.request, ...asked }, never);
    expect(outcome).toEqual({
      kind: 'refused',
      code: 'PROVIDER_REFUSED',
      message: `nothing was sent: /v1/responses carries a prompt alone, not ${what}; the provider cometapi takes them`,
      httpStatus: null,
      retry: 'never',
      retryAfterMs: null,
    });
    expect(upstream.requests).toEqual([]);
  });
});

it('an error of moderation under an HTTP status is an outcome, any other is a refusal', async () => {
  const error = { message: 'not this', type: 'image_generation_user_error', param: null };
  const { provider, account } = await startBench(cometapiResponses, () => [
    { status: 400, body: { error: { ...error, code: 'moderation_blocked' } } },
    { status: 400, body: { error: { ...error, code: 'invalid_value' } } },
  ]);
  expect(await provider.submit(account, cometapiResponses.request, never)).toMatchObject({
    kind: 'accepted',
    task: { taskId: cometapiResponses.request.key },
    look: { kind: 'moderated', stage: 'INPUT', reasons: ['not this'] },
  });
  expect(await provider.submit(account, cometapiResponses.request, never)).toMatchObject({
    kind: 'refused',
    code: 'PROVIDER_REFUSED',
  });
});

it('a picture as large as any is read whole', async () => {
  const large = Buffer.alloc(3 * 1024 * 1024, 7);
  const { provider, account } = await startBench(cometapiResponses, () => [
    { body: item({ type: 'image_generation_call', result: large.toString('base64') }) },
  ]);
  const outcome = await provider.submit(account, cometapiResponses.request, never);
  expect(outcome.kind === 'accepted' && outcome.look?.kind === 'ready' && outcome.look.image).toEqual({
    kind: 'bytes',
    bytes: large,
  });
});

it('no answer makes the reader throw, or gives an address of no web', () => {
  const anything = fc.jsonValue();
  const piece = fc.record(
    {
      type: anything,
      content: fc.oneof(anything, fc.array(anything)),
      text: fc.string(),
      result: fc.oneof(anything, fc.base64String()),
      url: fc.oneof(anything, fc.webUrl()),
      error: anything,
    },
    { requiredKeys: [] },
  );
  const answers = fc.record(
    {
      status: fc.oneof(anything, fc.constantFrom('completed', 'failed', 'incomplete')),
      error: anything,
      incomplete_details: anything,
      output: fc.oneof(anything, fc.array(piece)),
      data: anything,
      output_text: anything,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(answers, (answer) => {
      const end = readEnd(answer, 'key');
      if (end?.kind !== 'ready') return true;
      return end.image.kind === 'bytes' ? end.image.bytes.length > 0 : /^https?:/.test(end.image.url);
    }),
    { seed: 20260301, numRuns: 2000 },
  );
  expect.assertions(0);
});
