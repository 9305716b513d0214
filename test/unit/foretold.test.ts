import { expect, it } from 'vitest';
import { createForetold } from '../../src/service/foretold.js';
import { idAt, makeEvent, makeGeneration } from './fakes.js';

const at = (second: number): Date => new Date(Date.UTC(2026, 2, 1, 12, 0, second));
const eta = { earliest: at(10), latest: at(20) };

function outcomes(play: (foretold: ReturnType<typeof createForetold>) => void): [string, boolean][] {
  const seen: [string, boolean][] = [];
  play(createForetold((stage, hit) => seen.push([stage, hit])));
  return seen;
}

it.each([
  [9, false],
  [10, true],
  [20, true],
  [21, false],
])('an end at second %i counts as foretold: %s', (second, hit) => {
  const seen = outcomes((foretold) => {
    foretold.tell(makeGeneration({ status: 'RUNNING' }), eta);
    foretold.see(makeEvent(2, { status: 'SAVING', at: at(15) }));
    foretold.see(makeEvent(3, { status: 'SUCCEEDED', at: at(second) }));
    foretold.see(makeEvent(4, { status: 'SUCCEEDED', at: at(15) }));
  });
  expect(seen).toEqual([['running', hit]]);
});

it('counts the first interval of each stage', () => {
  const seen = outcomes((foretold) => {
    foretold.tell(makeGeneration({ status: 'QUEUED' }), eta);
    foretold.tell(makeGeneration({ status: 'QUEUED' }), { earliest: at(30), latest: at(40) });
    foretold.tell(makeGeneration({ status: 'RUNNING' }), { earliest: at(30), latest: at(40) });
    foretold.see(makeEvent(3, { status: 'SUCCEEDED', at: at(12) }));
  });
  expect(seen).toEqual([
    ['queued', true],
    ['running', false],
  ]);
});

it('counts nothing for what ends otherwise, or was foretold to nobody', () => {
  const seen = outcomes((foretold) => {
    foretold.tell(makeGeneration(), eta);
    foretold.see(makeEvent(3, { status: 'CANCELED', at: at(12) }));
    foretold.see(makeEvent(3, { generationId: idAt(99), status: 'SUCCEEDED', at: at(12) }));
  });
  expect(seen).toEqual([]);
});

it('does not wait for ever for an end that it did not see', () => {
  let now = 0;
  const foretold = createForetold(
    () => undefined,
    () => now,
  );
  foretold.tell(makeGeneration({ id: idAt(1) }), eta);
  now = 1_800_000;
  foretold.tell(makeGeneration({ id: idAt(2) }), eta);
  expect(foretold.waiting()).toBe(2);
  now = 3_600_000;
  expect(foretold.waiting()).toBe(1);
  now = 5_400_000;
  expect(foretold.waiting()).toBe(0);
});
