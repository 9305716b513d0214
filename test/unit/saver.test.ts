import { describe, expect, it } from 'vitest';
import { resultAgeMs } from '../../src/poller/save.js';
import { createWorld, type World } from './saver-world.js';

const minute = 60_000;

function names(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `p${n}`);
}

function endsOf(world: World, kind: string): string[] {
  return [...world.ends].filter(([, end]) => end === kind).map(([name]) => name);
}

describe('while the store is up', () => {
  it('saves the most urgent first, whatever the order in which they came', async () => {
    const world = createWorld({ downloads: 1, stores: 1 });
    world.add('first', { expiresInMs: 300_000 });
    for (const seconds of [500, 20, 400, 10, 100]) world.add(`in ${seconds}`, { expiresInMs: seconds * 1_000 });
    await world.settle(minute);
    expect(world.store.order).toEqual(['first', 'in 10', 'in 20', 'in 100', 'in 400', 'in 500']);
    expect(world.timers()).toBe(0);
  });

  it('downloads no more at once than it may', async () => {
    const world = createWorld();
    for (const name of names(100)) world.add(name);
    await world.settle(minute);
    expect(endsOf(world, 'stored')).toHaveLength(100);
    expect(world.most.fetching).toBe(16);
    expect(world.fetches).toHaveLength(100);
  });

  it('asks last for what should be gone already, and says so when it is', async () => {
    const world = createWorld({ downloads: 1 });
    world.add('busy');
    world.add('gone', { expiresInMs: -5_000 });
    world.add('urgent', { expiresInMs: 5_000 });
    world.add('not urgent');
    await world.settle(minute);
    expect(world.fetches).toEqual(['busy', 'urgent', 'not urgent', 'gone']);
    expect(endsOf(world, 'over')).toEqual(['gone']);
  });

  it("lets one picture that cannot be stored stand in nobody's way", async () => {
    const world = createWorld();
    world.add('poison', { expiresInMs: 1_000, poison: true });
    await world.pass(5_000);
    for (const name of names(200)) {
      world.add(name, { expiresInMs: 30_000 });
      await world.pass(100);
    }
    await world.pass(10_000);
    expect(endsOf(world, 'stored')).toHaveLength(200);
    expect(world.ends.has('poison')).toBe(false);
    expect(world.store.puts).toBeLessThan(260);
  });
});

describe('while the store is down for five minutes', () => {
  it('loses nothing, downloads each once, and asks the store rarely', async () => {
    const world = createWorld();
    for (const name of names(3)) world.add(`before ${name}`);
    world.store.down = true;
    for (const name of names(150)) {
      world.add(name, { bytes: 1024 * 1024 });
      await world.pass(2_000);
    }
    expect(world.store.order).toEqual([]);
    expect(world.store.puts).toBeGreaterThan(25);
    expect(world.store.puts).toBeLessThan(80);
    expect(world.fetches).toHaveLength(153);
    expect(world.errors()).toBe(1);
    world.store.down = false;
    await world.settle(11_000);
    expect(endsOf(world, 'stored')).toHaveLength(153);
    expect(world.fetches).toHaveLength(153);
    expect(world.timers()).toBe(0);
  });

  it('tries it with one picture at a time, also when it is slow to refuse', async () => {
    const world = createWorld();
    Object.assign(world.store, { down: true, ms: 3_000 });
    for (const name of names(50)) world.add(name);
    await world.pass(5_000);
    for (let passed = 0; passed < minute; passed += 100) {
      await world.pass(100);
      expect(world.store.atOnce).toBeLessThanOrEqual(1);
    }
    expect(world.store.puts).toBeGreaterThan(16);
  });

  it('stores what it held with the most urgent first, once it is back', async () => {
    const world = createWorld({ stores: 1 });
    world.store.down = true;
    const seconds = [500, 300, 450, 40, 350, 400, 20];
    for (const each of seconds) world.add(String(each), { expiresInMs: each * 1_000 });
    await world.pass(5 * minute);
    world.store.down = false;
    await world.settle(11_000);
    const [_probe, ...rest] = world.store.order;
    expect(world.store.order).toHaveLength(seconds.length);
    expect(rest).toEqual(rest.toSorted((a, b) => Number(a) - Number(b)));
  });

  it('never holds more than it may, and lets go only what its provider keeps for longer', async () => {
    // Twenty, and a bit: what a picture will weigh is only reckoned.
    const budget = 20_900;
    const world = createWorld({ heldBytes: budget });
    world.store.down = true;
    // Twenty expire within the outage, in any order among a hundred.
    for (const [n, name] of names(100).entries()) {
      world.add(name, { expiresInMs: n % 5 === 3 ? 60_000 + n * 2_000 : 400_000 + n * 1_000 });
    }
    for (let passed = 0; passed < 5 * minute; passed += 250) {
      await world.pass(250);
      expect(world.saver.heldBytes()).toBeLessThanOrEqual(budget);
    }
    expect(world.saver.heldBytes()).toBe(20_000);
    world.store.down = false;
    await world.settle(2 * minute);
    expect(endsOf(world, 'stored')).toHaveLength(100);
    expect(world.most.held).toBeLessThanOrEqual(budget);
    for (const name of names(100)) expect(world.fetches.filter((each) => each === name).length).toBeLessThan(3);
  });

  it('says of what memory could not hold that it expired, and saves all the rest', async () => {
    const world = createWorld({ heldBytes: 20_900 });
    world.store.down = true;
    for (const name of names(50)) world.add(name, { expiresInMs: 2 * minute });
    await world.pass(5 * minute);
    expect(world.ends.size).toBe(0);
    world.store.down = false;
    await world.settle(minute);
    expect(endsOf(world, 'stored')).toEqual(expect.arrayContaining(names(20)));
    expect(endsOf(world, 'stored')).toHaveLength(20);
    expect(endsOf(world, 'over')).toHaveLength(30);
  });

  it('stays within its bound when pictures are larger than the ones before, and does not fetch in vain', async () => {
    const world = createWorld({ heldBytes: 100_000 });
    for (const name of names(50)) world.add(`small ${name}`, { bytes: 100 });
    await world.settle(minute);
    world.store.down = true;
    const fetched = world.fetches.length;
    for (const name of names(40)) world.add(name, { bytes: 30_000 });
    await world.pass(5 * minute);
    expect(world.saver.heldBytes()).toBe(90_000);
    expect(world.fetches.length - fetched).toBeLessThanOrEqual(20);
    world.store.down = false;
    await world.settle(2 * minute);
    expect(endsOf(world, 'stored')).toHaveLength(90);
    expect(world.most.held).toBeLessThanOrEqual(100_000);
  });

  it('takes a picture that alone is more than it may hold, with nothing beside it', async () => {
    const world = createWorld({ heldBytes: 1_000 });
    world.add('large', { bytes: 5_000 });
    for (const name of names(5)) world.add(name, { bytes: 400 });
    await world.settle(minute);
    expect(endsOf(world, 'stored')).toHaveLength(6);
  });
});

describe('giving up', () => {
  it('comes when the provider should no longer have it and the time is over, not before', async () => {
    const world = createWorld();
    world.add('silent', { fetch: 'again', expiresInMs: 10 * minute, giveUpInMs: minute });
    await world.pass(9.9 * minute);
    expect(world.ends.size).toBe(0);
    // It was asked again and again, with pauses of at most ten seconds.
    expect(world.fetches.length).toBeGreaterThan(55);
    expect(world.fetches.length).toBeLessThan(130);
    await world.settle(minute);
    expect(world.ends.get('silent')).toBe('gaveUp');
  });

  it('never concerns what is held, nor what was not asked for yet', async () => {
    const world = createWorld({ heldBytes: 1_000 });
    world.store.down = true;
    world.add('held', { expiresInMs: minute, giveUpInMs: minute });
    await world.pass(1_000);
    world.add('waiting', { expiresInMs: minute, giveUpInMs: minute });
    await world.pass(60 * minute);
    expect(world.ends.size).toBe(0);
    world.store.down = false;
    await world.settle(minute);
    expect(Object.fromEntries(world.ends)).toEqual({ held: 'stored', waiting: 'over' });
  });
});

it('ends at a stop all that is not just being written', async () => {
  const world = createWorld({ downloads: 2, stores: 1 });
  for (const name of names(6)) world.add(name);
  await world.pass(105);
  // One is being written, one held, two are under way, two wait.
  expect([world.store.puts, world.fetches.length]).toEqual([1, 4]);
  world.stop();
  await world.pass(0);
  expect(endsOf(world, 'stopped')).toHaveLength(5);
  await world.settle(1_000);
  expect(endsOf(world, 'stored')).toEqual(['p0']);
  world.add('late');
  await world.pass(0);
  expect(world.ends.get('late')).toBe('stopped');
  expect([world.saver.heldBytes(), world.timers()]).toEqual([0, 0]);
});

describe('the age of a result', () => {
  const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000);
  it.each([
    ["by the provider's own time", at(100), at(130), at(140), at(150), 20_000],
    ['by when it was seen, without that', at(100), null, at(140), at(150), 10_000],
    ['not older than the task', at(100), at(-5_000), at(140), at(150), 50_000],
    ['not younger than when it was seen', at(100), at(9_000), at(140), at(150), 10_000],
    ['by when it was seen, with neither', null, at(130), at(140), at(150), 10_000],
  ])('%s', (_name, acceptedAt, finishedAt, seenAt, now, age) => {
    expect(resultAgeMs({ acceptedAt, finishedAt, seenAt, now })).toBe(age);
  });
});
