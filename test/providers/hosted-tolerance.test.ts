import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readResult } from '../../src/providers/fal/result.js';
import { readKeys } from '../../src/providers/fal/signature.js';
import { readStatus } from '../../src/providers/fal/status.js';
import { readSubmit as readFalSubmit } from '../../src/providers/fal/submit.js';
import { readPrediction } from '../../src/providers/replicate/prediction.js';
import { readSubmit as readReplicateSubmit } from '../../src/providers/replicate/submit.js';
import type { LookOutcome, SubmitOutcome } from '../../src/providers/provider.js';
import type { Exchange } from '../../src/providers/exchange.js';

const anything = fc.jsonValue();
const words = ['IN_QUEUE', 'COMPLETED', 'starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted'];
const picture = fc.oneof(anything, fc.webUrl(), fc.constant('data:image/png;base64,AAAA'));
const pictures = fc.oneof(anything, picture, fc.array(picture), fc.array(fc.record({ url: picture })));

/** Answers with the members that fal's and Replicate's have, each holding anything at all or missing. */
const answers = fc.record(
  {
    id: fc.oneof(anything, fc.string()),
    request_id: fc.oneof(anything, fc.string()),
    status: fc.oneof(anything, fc.constantFrom(...words)),
    status_url: fc.oneof(anything, fc.webUrl()),
    urls: fc.oneof(anything, fc.record({ get: anything, cancel: fc.webUrl() }, { requiredKeys: [] })),
    output: pictures,
    images: pictures,
    image: pictures,
    has_nsfw_concepts: fc.oneof(anything, fc.array(fc.boolean())),
    seed: anything,
    input: fc.oneof(anything, fc.record({ seed: anything })),
    logs: fc.oneof(anything, fc.string()),
    metrics: fc.oneof(anything, fc.record({ predict_time: anything })),
    started_at: fc.oneof(anything, fc.string()),
    completed_at: fc.oneof(anything, fc.date({ noInvalidDate: true }).map(String)),
    detail: fc.oneof(
      anything,
      fc.array(fc.record({ loc: anything, msg: anything, type: anything }, { requiredKeys: [] })),
    ),
    error_type: fc.oneof(anything, fc.constant('client_cancelled')),
    error: fc.oneof(anything, fc.string()),
    keys: fc.oneof(
      anything,
      fc.array(fc.record({ kty: fc.constant('OKP'), x: fc.oneof(anything, fc.base64String()) })),
    ),
  },
  { requiredKeys: [] },
);

const exchanges = fc.record({
  kind: fc.constant('answered' as const),
  status: fc.constantFrom(200, 201, 202, 302, 400, 404, 422, 429, 499, 500, 503),
  headers: fc.record(
    { 'retry-after': fc.oneof(fc.string(), fc.array(fc.string())), 'x-fal-error-type': fc.string() },
    { requiredKeys: [] },
  ),
  body: fc
    .oneof(
      answers.map((answer) => JSON.stringify(answer)),
      anything.map((value) => JSON.stringify(value)),
      fc.string(),
    )
    .map((text) => ({ kind: 'whole' as const, bytes: Buffer.from(text) })),
});

function isSound(look: LookOutcome | null): boolean {
  if (look?.kind !== 'ready') return true;
  return look.image.kind === 'bytes' ? look.image.bytes.length > 0 : /^https?:/.test(look.image.url);
}

function isNamed(outcome: SubmitOutcome): boolean {
  return outcome.kind !== 'accepted' || (/^[\x21-\x7e]+$/.test(outcome.task.taskId) && isSound(outcome.look));
}

const account = { id: 'main', baseUrl: 'https://queue.fal.run', apiKey: 'key', hosts: [] };

it('no answer makes a reader throw, accept a task without a name, or take what is no picture', () => {
  fc.assert(
    fc.property(exchanges, answers, (exchange: Exchange, answer) => {
      const status = readStatus(exchange, 'key', 0);
      return (
        (status === 'over' || isSound(status)) &&
        isSound(readResult(exchange, 'key', 0)) &&
        isSound(readPrediction(answer, 'key')) &&
        isNamed(readFalSubmit(exchange, { account, endpoint: 'fal-ai/flux-lora', now: 0 })) &&
        isNamed(readReplicateSubmit(exchange, 'key', 0)) &&
        readKeys(answer).every((key) => key.asymmetricKeyType === 'ed25519')
      );
    }),
    { seed: 20260301, numRuns: 3000 },
  );
  expect.assertions(0);
});
