import { expect, it } from 'vitest';
import { summaryOf, type ReplayPair } from '../../src/domain/replay.js';
import { pairSheet, type SheetPicture } from '../../src/domain/sheet.js';
import { checkCost, costOf } from '../../src/service/cost-limit.js';
import { idAt } from './fakes.js';

function pair(place: number, details: Partial<ReplayPair> = {}): ReplayPair {
  return {
    replayId: idAt(1),
    originalId: idAt(100 + place),
    place,
    priceMicros: 60_000,
    adjusted: [],
    refusalCode: null,
    refusalMessage: null,
    rerunId: null,
    distance: null,
    endedAt: null,
    ...details,
  };
}

it('counts what can be run, what it costs, and how far the limit goes', () => {
  const pairs = [
    pair(1, { priceMicros: 50_000, adjusted: ['steps'] }),
    pair(0, { adjusted: ['steps', 'seed'] }),
    pair(2, { priceMicros: null }),
    pair(3),
    pair(4, { refusalCode: 'NO_ROUTE', refusalMessage: 'No.', priceMicros: null }),
    pair(5, { refusalCode: 'NO_ROUTE', refusalMessage: 'No.' }),
    pair(6, { refusalCode: 'CONFLICT', refusalMessage: 'Archived.' }),
  ];
  expect(summaryOf(110_000, pairs)).toEqual({
    runnable: 4,
    started: 0,
    ended: 0,
    estimatedMicros: 170_000,
    unknownPrices: 1,
    // By their turns: 60,000, then 50,000, then one of unknown price, which counts as nothing.
    affordable: 3,
    refused: [
      { code: 'NO_ROUTE', message: 'No.', count: 2 },
      { code: 'CONFLICT', message: 'Archived.', count: 1 },
    ],
    adjusted: [
      { parameter: 'steps', count: 2 },
      { parameter: 'seed', count: 1 },
    ],
    meanDistance: null,
    compared: 0,
  });
  expect(summaryOf(59_999, pairs).affordable).toBe(0);
});

it('takes the mean over what was compared', () => {
  const done = { rerunId: idAt(5), endedAt: new Date(0) };
  const pairs = [pair(0, { ...done, distance: 0.2 }), pair(1, { ...done, distance: 0.4 }), pair(2, done), pair(3)];
  expect(summaryOf(0, pairs)).toMatchObject({ started: 3, ended: 3, compared: 2, meanDistance: expect.closeTo(0.3) });
});

const rule = { allowUnknownPrice: false, limitPath: ['limit'], unknownPath: ['allow'], what: '3 cells' };

it.each([
  [[10, 20, 30], 60, []],
  [[10, 20, 30], 59, ['COST_LIMIT']],
  [[10, 20, 30], null, ['REQUIRED']],
  [[10, null, 30], 40, ['PRICE_UNKNOWN']],
  [[10, null, 30], 39, ['COST_LIMIT', 'PRICE_UNKNOWN']],
  [[], -1, ['COST_LIMIT']],
])('holds prices %j against a limit of %j', (prices, limitMicros, expected) => {
  const told = checkCost(costOf(prices), { ...rule, limitMicros });
  expect(told.map(({ code }) => code)).toEqual(expected);
});

it('lays a pair side by side in the proportions of the first', () => {
  const picture: SheetPicture = {
    generationId: idAt(1),
    status: 'SUCCEEDED',
    model: 'a/one',
    sha256: 'ab',
    width: 1024,
    height: 768,
  };
  const whole = pairSheet(idAt(2), pair(0, { distance: 0.1234 }), { before: picture, after: picture });
  expect(whole).toMatchObject({ title: 'Distance 0.123', cell: { width: 512, height: 384 } });
  expect(whole.blocks[0]?.columns).toEqual(['before: a/one', 'after: a/one']);
  expect(whole.cells.map(({ state }) => state)).toEqual(['PICTURE', 'PICTURE']);
  expect(pairSheet(idAt(2), pair(0), { before: picture, after: null }).cells[1]).toMatchObject({ state: 'WAITING' });
  const refused = pair(0, { refusalCode: 'NO_ROUTE' });
  expect(pairSheet(idAt(2), refused, { before: picture, after: null }).cells[1]).toMatchObject({
    state: 'ENDED',
    caption: 'NO_ROUTE',
  });
});
