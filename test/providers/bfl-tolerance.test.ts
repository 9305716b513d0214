import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCredits } from '../../src/providers/bfl/cost.js';
import { readLook } from '../../src/providers/flux/look.js';
import { readSubmit } from '../../src/providers/flux/submit.js';
import type { Exchange } from '../../src/providers/exchange.js';

const words = ['Pending', 'Ready', 'Error', 'Request Moderated', 'Content Moderated', 'Task not found'];
const reading = { apiKey: 'key', now: 0, cost: readCredits };
const anything = fc.jsonValue();

/** Answers with the members that BFL's have, each holding anything at all or missing. */
const answers = fc.record(
  {
    id: fc.oneof(anything, fc.string()),
    status: fc.oneof(anything, fc.constantFrom(...words)),
    state: anything,
    polling_url: fc.oneof(anything, fc.webUrl()),
    cost: fc.oneof(anything, fc.double()),
    progress: fc.oneof(anything, fc.double()),
    result: fc.oneof(
      anything,
      fc.record(
        { sample: fc.oneof(anything, fc.webUrl()), seed: anything, start_time: anything, end_time: anything },
        { requiredKeys: [] },
      ),
    ),
    details: fc.oneof(anything, fc.record({ 'Moderation Reasons': anything })),
    detail: fc.oneof(anything, fc.array(fc.record({ loc: anything, msg: anything }, { requiredKeys: [] }))),
    message: anything,
    error: anything,
  },
  { requiredKeys: [] },
);

const exchanges = fc.record({
  kind: fc.constant('answered' as const),
  status: fc.constantFrom(200, 202, 302, 400, 404, 422, 429, 500, 503),
  headers: fc.record({ 'retry-after': fc.oneof(fc.string(), fc.array(fc.string())) }, { requiredKeys: [] }),
  body: fc
    .oneof(
      answers.map((answer) => JSON.stringify(answer)),
      anything.map((value) => JSON.stringify(value)),
      fc.string(),
    )
    .map((text) => ({ kind: 'whole' as const, bytes: Buffer.from(text) })),
});

it('no answer makes a reader throw, or accept a task without a name', () => {
  fc.assert(
    fc.property(exchanges, (exchange: Exchange) => {
      const submitted = readSubmit(exchange, reading);
      const looked = readLook(exchange, reading);
      if (submitted.kind === 'accepted') return /^[\x21-\x7e]+$/.test(submitted.task.taskId);
      if (looked.kind === 'ready') return looked.image.kind === 'url' && /^https?:/.test(looked.image.url);
      return true;
    }),
    { seed: 20260301, numRuns: 3000 },
  );
  expect.assertions(0);
});
