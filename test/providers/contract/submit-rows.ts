import { describe, expect, it, onTestFinished } from 'vitest';
import type { SubmitOutcome } from '../../../src/providers/provider.js';
import { findClosedPort, startMute, type Reply } from '../upstream.js';
import { expectNoKey, hasKey, keyOf, never, row, startBench, startForeign, submitsIn, type Bench } from './bench.js';
import { isNone, type Contract, type Gives } from './contract.js';

const refused = (code: string, retry: string): Gives<SubmitOutcome> => ({ kind: 'refused', code, retry });

/** What HTTP statuses mean at a submit, unless a provider's contract says otherwise. */
const usual: Readonly<Record<number, Gives<SubmitOutcome>>> = {
  400: refused('PROVIDER_REFUSED', 'never'),
  401: refused('PROVIDER_UNAUTHORIZED', 'account'),
  402: refused('PROVIDER_OUT_OF_CREDITS', 'account'),
  403: refused('PROVIDER_UNAUTHORIZED', 'account'),
  404: refused('MODEL_RETIRED_UPSTREAM', 'never'),
  410: refused('MODEL_RETIRED_UPSTREAM', 'never'),
  422: refused('PROVIDER_REFUSED', 'never'),
  429: refused('PROVIDER_BUSY', 'later'),
  500: { kind: 'unknown' },
  503: { kind: 'unknown' },
  504: { kind: 'unknown' },
  524: { kind: 'unknown' },
};
const html: Reply = { headers: { 'content-type': 'text/html' }, body: '<html>ok</html>' };

/** Submits before these answers. Whatever they are, exactly one submit may arrive, and no message tells the key. */
export async function submitTo(
  contract: Contract,
  answers: (home: string) => readonly Reply[],
  options: Parameters<typeof startBench>[2] = {},
): Promise<Bench & { outcome: SubmitOutcome }> {
  const bench = await startBench(contract, (home) => [...contract.submit.before, ...answers(home)], options);
  const outcome = await bench.provider.submit(bench.account, contract.request, never);
  expect(submitsIn(contract, bench.upstream)).toHaveLength(1);
  expectNoKey(contract, outcome);
  return { ...bench, outcome };
}

export function submitRows(contract: Contract): void {
  const { submit } = contract;

  describe('row submit', () => {
    it('asks once at the documented address, with the body that is kept of it', async () => {
      const { upstream } = await submitTo(contract, (home) => submit.accepted.plain(home).answers);
      const [seen] = submitsIn(contract, upstream);
      expect(seen).toBeDefined();
      expect(seen?.headers['content-type']).toMatch(/^application\/json/);
      expect(() => JSON.parse(seen?.body ?? '')).not.toThrow();
    });
  });

  describe('row submit reply', () => {
    it.each(Object.entries(submit.accepted))('%s', async (_, situation) => {
      const { outcome, home } = await submitTo(contract, (origin) => situation(origin).answers);
      expect(outcome).toMatchObject(situation(home).gives);
    });
  });

  describe('row auth', () => {
    row('the key goes with a submit, in its header alone', contract.credential, async () => {
      const { upstream } = await submitTo(contract, (home) => submit.accepted.plain(home).answers);
      for (const seen of submitsIn(contract, upstream)) expect(hasKey(contract, seen)).toBe(true);
    });

    row('a key that may stand in no header is refused before anything is sent', contract.credential, async () => {
      for (const apiKey of ['', 'two words', 'line\nbreak', 'clé']) {
        const { provider, account, upstream } = await startBench(contract, () => []);
        const outcome = await provider.submit({ ...account, apiKey }, contract.request, never);
        expect(outcome).toMatchObject(refused('PROVIDER_UNAUTHORIZED', 'account'));
        expect(upstream.requests).toEqual([]);
      }
    });
  });

  describe('rows rate limit and HTTP errors, at a submit', () => {
    it.each(Object.keys(usual).map(Number))('%i', async (status) => {
      const reply = { status, body: submit.complaint(`because of ${keyOf(contract)}`) };
      const { outcome } = await submitTo(contract, () => [reply]);
      expect(outcome).toMatchObject({ httpStatus: status, ...(submit.statuses[status] ?? usual[status]) });
      expect(outcome).toHaveProperty('message', expect.stringContaining('because of'));
    });

    it('429 with Retry-After is heeded', async () => {
      const reply = { status: 429, headers: { 'retry-after': '7' }, body: submit.complaint('slower') };
      const { outcome } = await submitTo(contract, () => [reply]);
      expect(outcome).toMatchObject({ ...refused('PROVIDER_BUSY', 'later'), retryAfterMs: 7000 });
    });

    if (Object.keys(submit.others).length > 0) {
      it.each(Object.entries(submit.others))('%s', async (_, situation) => {
        const { outcome, home } = await submitTo(contract, (origin) => situation(origin).answers);
        expect(outcome).toMatchObject(situation(home).gives);
      });
    }

    it.each([302, 307])('%i is not followed with the key', async (status) => {
      const foreign = await startForeign();
      const reply = { status, headers: { location: `${foreign.origin}/v1/x` }, body: '' };
      const { outcome } = await submitTo(contract, () => [reply]);
      expect(outcome).toMatchObject({ kind: 'refused', retry: 'never' });
    });
  });

  describe('rule 2 and row idempotency key: a submit is sent at most once', () => {
    it('nobody listens: nothing was sent, to be tried later', async () => {
      const { provider } = await startBench(contract, () => []);
      const account = contract.account(`http://127.0.0.1:${await findClosedPort()}`);
      const outcome = await provider.submit(account, contract.request, never);
      expect(outcome).toMatchObject({ ...refused('PROVIDER_UNREACHABLE', 'later'), httpStatus: null });
      expectNoKey(contract, outcome);
    });

    it.each<[string, Reply, object]>([
      ['cut before the request was read', { cut: 'unread' }, {}],
      ['cut after the request was read', { cut: 'read' }, {}],
      ['no answer in time', { stall: 'head' }, { answerMs: 200 }],
      ['a body that stops', { stall: 'body', part: '{"id":' }, { idleMs: 100 }],
      ['a body that takes too long', { stall: 'body', part: '{"id":' }, { totalMs: 500 }],
      ['a body cut short', { truncated: '{"id":"t1"' }, {}],
      ['a body without end', { endless: Buffer.alloc(65_536, 32) }, {}],
    ])('lost reply, %s: it may exist', async (_, reply, timeouts) => {
      const { outcome } = await submitTo(contract, () => [reply], { timeouts });
      expect(outcome).toMatchObject({ kind: 'unknown' });
    });

    it('stopped before: nothing was sent', async () => {
      const { provider, account, upstream } = await startBench(contract, () => []);
      const outcome = await provider.submit(account, contract.request, AbortSignal.abort());
      expect(outcome).toMatchObject({ kind: 'refused', retry: 'later' });
      expect(upstream.requests).toEqual([]);
    });

    it('stopped while it connects: nothing was sent', async () => {
      const mute = await startMute();
      onTestFinished(() => mute.close());
      const { provider } = await startBench(contract, () => []);
      const controller = new AbortController();
      const account = contract.account(`https://127.0.0.1:${mute.port}`);
      const pending = provider.submit(account, contract.request, controller.signal);
      await mute.nextBytes();
      controller.abort();
      expect(await pending).toMatchObject(refused('PROVIDER_UNREACHABLE', 'later'));
    });

    row(
      'a lost submit can be asked for by its own key',
      contract.find,
      async ({ found, absent }) => {
        for (const situation of [found, absent]) {
          const { provider, account, home } = await startBench(contract, (origin) => situation(origin).answers);
          const outcome = await provider.find?.(account, contract.request.key, never);
          expect(outcome).toMatchObject(situation(home).gives);
        }
        const { provider, account } = await startBench(contract, () => [{ cut: 'read' }]);
        expect(await provider.find?.(account, contract.request.key, never)).toMatchObject({ kind: 'unavailable' });
      },
      () => {
        const provider = contract.create({});
        expect(provider.find).toBeNull();
      },
    );
  });

  describe('rule 6: a 2xx is no success', () => {
    it.each<[string, Reply]>([
      ['HTML', html],
      ['a list', { body: [{ id: 't1' }] }],
      ['nothing', { status: 204 }],
      ['no id', submit.nameless],
    ])('%s proves nothing', async (_, reply) => {
      const { outcome } = await submitTo(contract, () => [reply]);
      expect(outcome).toMatchObject({ kind: 'unknown' });
    });

    row('an error in a 200', submit.error, async (situation) => {
      const { outcome, home } = await submitTo(contract, (origin) => situation(origin).answers);
      expect(outcome).toMatchObject(situation(home).gives);
    });
  });

  describe('row size control and rule 8: the provider’s own words', () => {
    it('of the request', () => {
      const provider = contract.create({});
      const described = provider.describe(contract.request);
      expect(described).toEqual(contract.body);
      expectNoKey(contract, described);
    });

    row('of a size', contract.size, ({ parameters, body }) => {
      const provider = contract.create({});
      expect(provider.describe({ ...contract.request, parameters })).toMatchObject(body);
    });
  });

  if (isNone(contract.credential)) {
    it('row auth: without a key none is needed', async () => {
      const { outcome } = await submitTo(contract, (home) => submit.accepted.plain(home).answers);
      expect(outcome).toMatchObject({ kind: 'accepted' });
    });
  }
}
