import { describe, expect, it } from 'vitest';
import type { LookOutcome } from '../../../src/providers/provider.js';
import type { Reply } from '../upstream.js';
import { expectNoKey, hasKey, keyOf, never, row, startBench, startForeign, type Bench } from './bench.js';
import { isNone, type Case, type Contract, type Ends, type LookContract } from './contract.js';
import { startSecureUpstream } from './secure.js';
import { submitTo } from './submit-rows.js';

const statuses = [301, 302, 307, 400, 401, 402, 403, 404, 410, 422, 429, 500, 502, 503, 504, 524];

export function lookRows(contract: Contract): void {
  const { look, atOnce } = contract;
  if (isNone(look)) {
    row(
      'row poll',
      look,
      () => undefined,
      async () => {
        const { provider, account } = await startBench(contract, () => []);
        const task = { taskId: 't1', pollingUrl: null, resultUrl: null, cancelUrl: null };
        expect(await provider.look(account, task, never)).toEqual({ kind: 'notFound' });
      },
    );
  } else looks(contract, look);

  if (isNone(atOnce)) {
    row('rows success word and moderation signal, with the answer to the submit', atOnce, () => undefined);
  } else {
    describe('rows success word and moderation signal, with the answer to the submit', () => {
      ends(atOnce, async (situation) => {
        const { outcome, home } = await submitTo(contract, (origin) => situation(origin).answers);
        expect(outcome).toMatchObject({ kind: 'accepted', look: situation(home).gives });
      });
    });
  }
}

function ends(all: Ends, check: (situation: Case<LookOutcome>) => Promise<void>): void {
  const names = {
    ready: 'success',
    moderatedInput: 'moderated, of the input',
    moderatedOutput: 'moderated, of the output',
    failed: 'failed',
    canceled: 'stopped before its end',
    removed: 'ended well, and removed',
  } as const satisfies Record<keyof Ends, string>;
  row(names.ready, all.ready, check);
  row(names.moderatedInput, all.moderatedInput, check);
  row(names.moderatedOutput, all.moderatedOutput, check);
  row(names.failed, all.failed, check);
  row(names.canceled, all.canceled, check);
  row(names.removed, all.removed, check);
}

function looks(contract: Contract, look: LookContract): void {
  async function lookAt(
    answers: (home: string) => readonly Reply[],
    options: Parameters<typeof startBench>[2] = {},
  ): Promise<Bench & { outcome: LookOutcome }> {
    const bench = await startBench(contract, answers, options);
    const outcome = await bench.provider.look(bench.account, look.task(bench.home), never);
    expectNoKey(contract, outcome);
    return { ...bench, outcome };
  }
  async function check(situation: Case<LookOutcome>): Promise<void> {
    const { outcome, home } = await lookAt((origin) => situation(origin).answers);
    expect(outcome).toMatchObject(situation(home).gives);
  }

  describe('row poll', () => {
    it('asks at the documented address', async () => {
      const { upstream } = await lookAt((home) => look.strange(home).answers);
      const [seen] = upstream.requests;
      expect(`${seen?.method} ${seen?.url}`).toBe(look.address);
    });

    row('row auth: the key goes with a look, in its header alone', contract.credential, async () => {
      const { upstream } = await lookAt((home) => look.strange(home).answers);
      for (const seen of upstream.requests) expect(hasKey(contract, seen)).toBe(true);
    });

    it.each(Object.entries(look.running))('running: %s', (_, situation) => check(situation));

    it('rule 4: an unknown status is still running', async () => {
      const { outcome, home } = await lookAt((origin) => look.strange(origin).answers);
      expect(outcome).toMatchObject({ ...look.strange(home).gives, kind: 'running', known: false });
    });

    row('not found', look.missing, check);
    row('rule 6: an error in a 200', look.error, check);
  });

  describe('rows success word and moderation signal', () => {
    ends(look.ends, check);
  });

  describe('no answer about the task', () => {
    it.each(statuses)('HTTP %i', async (status) => {
      const foreign = await startForeign();
      const body = look.complaint(`because of ${keyOf(contract)}`);
      const { outcome } = await lookAt(() => [{ status, headers: { location: foreign.origin }, body }]);
      expect(outcome).toMatchObject(look.statuses[status] ?? { kind: 'unavailable', httpStatus: status });
    });

    it('row rate limit: Retry-After is heeded', async () => {
      const reply = { status: 429, headers: { 'retry-after': '3' }, body: look.complaint('slower') };
      expect((await lookAt(() => [reply])).outcome).toMatchObject({ kind: 'unavailable', retryAfterMs: 3000 });
    });

    it.each<[string, Reply, object]>([
      ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html></html>' }, {}],
      ['nothing', { status: 204 }, {}],
      ['a lost reply', { cut: 'read' }, {}],
      ['a body cut short', { truncated: '{"status":' }, {}],
      ['a body without end', { endless: Buffer.alloc(65_536, 32) }, {}],
      ['a slow head', { stall: 'head' }, { answerMs: 100 }],
      ['a slow body', { stall: 'body', part: '{' }, { idleMs: 100 }],
      ['too long in all', { stall: 'body', part: '{' }, { totalMs: 200 }],
    ])('%s', async (_, reply, timeouts) => {
      expect((await lookAt(() => [reply], { timeouts })).outcome).toMatchObject({ kind: 'unavailable' });
    });

    it('stopped by the caller', async () => {
      const { provider, upstream, account, home } = await startBench(contract, () => [{ stall: 'head' }]);
      const controller = new AbortController();
      const arrived = upstream.nextRequest();
      const pending = provider.look(account, look.task(home), controller.signal);
      await arrived;
      controller.abort();
      expect(await pending).toMatchObject({ kind: 'unavailable' });
    });
  });

  describe('rule 5: addresses that came with an answer', () => {
    it('a foreign one is never asked; the key stays at home', async () => {
      const foreign = await startForeign();
      const { provider, account, upstream } = await startBench(contract, (home) => look.strange(home).answers);
      const hosts = [...account.hosts, `127.0.0.1:${foreign.port}`];
      // Listed, and still foreign: it speaks no https.
      const outcome = await provider.look({ ...account, hosts }, look.elsewhere(foreign.origin), never);
      expect(outcome).toMatchObject({ kind: 'running' });
      expect(upstream.requests).toHaveLength(look.strange(foreign.origin).answers.length);
    });

    it('one at a listed host that speaks https is asked where the provider has several hosts', async () => {
      const other = await startSecureUpstream();
      const { provider, account, home, upstream } = await startBench(
        contract,
        (origin) => look.strange(origin).answers,
        {
          unusedMayStay: look.follows,
        },
      );
      const { answers } = look.strange(home);
      other.queue.push(...answers);
      const hosts = [...account.hosts, `127.0.0.1:${other.port}`];
      const outcome = await provider.look({ ...account, hosts }, look.elsewhere(other.origin), never);
      expect(outcome).toMatchObject({ kind: 'running' });
      const count = (here: boolean): number => (here ? answers.length : 0);
      expect(other.requests).toHaveLength(count(look.follows));
      expect(upstream.requests).toHaveLength(count(!look.follows));
    });
  });
}
