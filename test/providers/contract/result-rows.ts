import { describe, expect, it } from 'vitest';
import type { DownloadOutcome } from '../../../src/providers/provider.js';
import type { Reply } from '../upstream.js';
import { expectNoKey, hasKey, keyOf, never, row, startBench, startForeign, type Bench } from './bench.js';
import { isNone, type Contract } from './contract.js';
import { startSecureUpstream } from './secure.js';
import { submitTo } from './submit-rows.js';

const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3]);
const jpeg = { 'content-type': 'image/jpeg' };
const limit = 1000;

export function resultRows(contract: Contract): void {
  const { result, look, atOnce } = contract;

  async function download(
    answers: readonly Reply[],
    options: Parameters<typeof startBench>[2] = {},
  ): Promise<Bench & { outcome: DownloadOutcome }> {
    const bench = await startBench(contract, () => answers, { maxImageBytes: limit, ...options });
    const outcome = await bench.provider.download(bench.account, result.url(bench.home), never);
    for (const seen of bench.upstream.requests) expect(hasKey(contract, seen)).toBe(result.keyAtHome);
    expectNoKey(contract, outcome);
    return { ...bench, outcome };
  }

  describe('rule 1 and row result lifetime', () => {
    it('is told to those who plan the downloads', () => {
      expect(contract.create({}).resultLifetimeMs).toBe(result.lifetimeMs);
    });

    it('a finished image can be fetched at once', async () => {
      const fetch = { headers: jpeg, body: picture };
      if (!isNone(look)) {
        const ready = look.ends.ready;
        const bench = await startBench(contract, (home) => [...ready(home).answers, fetch], { unusedMayStay: true });
        const seen = await bench.provider.look(bench.account, look.task(bench.home), never);
        await expectPicture(bench, seen);
      } else if (!isNone(atOnce)) {
        const { outcome, ...bench } = await submitTo(contract, (home) => [...atOnce.ready(home).answers, fetch], {
          unusedMayStay: true,
        });
        await expectPicture(bench, outcome.kind === 'accepted' ? outcome.look : outcome);
      }
      expect.hasAssertions();
    });

    async function expectPicture(
      { provider, account }: Bench,
      seen: Awaited<ReturnType<Bench['provider']['look']>> | object | null,
    ): Promise<void> {
      expect(seen).toMatchObject({ kind: 'ready' });
      if (seen === null || !('image' in seen)) return;
      const { image } = seen;
      if (image.kind === 'bytes') expect(image.bytes.length).toBeGreaterThan(0);
      else expect(await provider.download(account, image.url, never)).toEqual({ kind: 'bytes', bytes: picture });
    }

    it.each([403, 404, 410])('an expired one is gone: HTTP %i', async (status) => {
      expect((await download([{ status, body: '<Error/>' }])).outcome).toMatchObject({ kind: 'gone' });
    });

    it.each<[string, Reply, object, string]>([
      ['401', { status: 401 }, {}, 'unavailable'],
      ['429', { status: 429 }, {}, 'unavailable'],
      ['500', { status: 500 }, {}, 'unavailable'],
      ['503', { status: 503 }, {}, 'unavailable'],
      ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html></html>' }, {}, 'unavailable'],
      ['JSON', { body: { error: 'no' } }, {}, 'unavailable'],
      ['no bytes', { headers: jpeg, body: '' }, {}, 'unavailable'],
      ['half the bytes', { truncated: 'half' }, {}, 'unavailable'],
      ['a lost reply', { cut: 'read' }, {}, 'unavailable'],
      ['a slow head', { stall: 'head' }, { answerMs: 100 }, 'unavailable'],
      ['a slow body', { stall: 'body', part: 'x' }, { idleMs: 100 }, 'unavailable'],
      ['one byte too many', { headers: jpeg, body: Buffer.alloc(limit + 1) }, {}, 'tooLarge'],
      ['bytes without end', { endless: Buffer.alloc(600) }, {}, 'tooLarge'],
    ])('without the image: %s', async (_, reply, timeouts, kind) => {
      expect((await download([reply], { timeouts })).outcome).toMatchObject({ kind });
    });
  });

  describe('rule 5: where an image may lie', () => {
    it('not at a foreign address', async () => {
      const foreign = await startForeign();
      const { provider, account } = await startBench(contract, () => []);
      const addresses = [
        result.url(foreign.origin),
        `http://169.254.169.254/latest/meta-data?k=1`,
        'https://bfl.ai.example/a',
        'file:///etc/passwd',
        '',
      ];
      for (const address of addresses) {
        const outcome = await provider.download(account, address, never);
        expect(outcome).toMatchObject({ kind: 'foreign' });
        expectNoKey(contract, outcome);
      }
    });

    it('nor where a redirect leads that is foreign', async () => {
      const foreign = await startForeign();
      const { outcome } = await download([{ status: 302, headers: { location: `${foreign.origin}/a?sig=1` } }]);
      expect(outcome).toMatchObject({ kind: 'foreign' });
    });

    it('at a listed delivery host, which never sees the key', async () => {
      const delivery = await startSecureUpstream({ headers: jpeg, body: picture });
      const { provider, account } = await startBench(contract, () => []);
      const listed = { ...account, hosts: [...account.hosts, `127.0.0.1:${delivery.port}`] };
      const outcome = await provider.download(listed, result.url(delivery.origin), never);
      expect(outcome).toEqual({ kind: 'bytes', bytes: picture });
      expect(delivery.requests).toHaveLength(1);
      const key = keyOf(contract);
      if (key !== '') expect(JSON.stringify(delivery.requests)).not.toContain(key);
      expect(delivery.requests.some((seen) => hasKey(contract, seen))).toBe(false);
    });
  });
}

export function probeRows(contract: Contract): void {
  const { probe, submit } = contract;
  describe('probe: a call that costs nothing', () => {
    it('an account that is well', async () => {
      const { provider, account, upstream, home } = await startBench(contract, (origin) => probe.well(origin).answers);
      const outcome = await provider.probe(account, never);
      expect(outcome).toMatchObject(probe.well(home).gives);
      const [seen] = upstream.requests;
      expect(`${seen?.method} ${seen?.url}`).toBe(probe.address);
      expect(probe.address).not.toBe(submit.address);
      if (!isNone(contract.credential)) expect(upstream.requests.every((each) => hasKey(contract, each))).toBe(true);
    });

    it.each<[string, Reply, object, string]>([
      ...probe.refused.map((status): [string, Reply, object, string] => [
        `HTTP ${status}`,
        { status, body: submit.complaint(`because of ${keyOf(contract)}`) },
        {},
        'refused',
      ]),
      ['HTTP 500', { status: 500, body: submit.complaint('broken') }, {}, 'unavailable'],
      ['HTTP 503', { status: 503, body: '' }, {}, 'unavailable'],
      ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html></html>' }, {}, 'unavailable'],
      ['a lost reply', { cut: 'read' }, {}, 'unavailable'],
      ['a slow answer', { stall: 'head' }, { answerMs: 100 }, 'unavailable'],
    ])('%s', async (_, reply, timeouts, kind) => {
      const { provider, account } = await startBench(contract, () => [reply], { timeouts });
      const outcome = await provider.probe(account, never);
      expect(outcome).toMatchObject({ kind });
      expectNoKey(contract, outcome);
    });

    it('a redirect is not followed with the key', async () => {
      const foreign = await startForeign();
      const { provider, account } = await startBench(contract, () => [
        { status: 302, headers: { location: foreign.origin }, body: '' },
      ]);
      expect(await provider.probe(account, never)).toMatchObject({ kind: 'unavailable' });
    });

    row('a key that may stand in no header is refused', contract.credential, async () => {
      const { provider, account } = await startBench(contract, () => []);
      expect(await provider.probe({ ...account, apiKey: 'two words' }, never)).toMatchObject({ kind: 'refused' });
    });
  });
}
