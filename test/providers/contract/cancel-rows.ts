import { describe, expect, it } from 'vitest';
import type { CancelOutcome } from '../../../src/providers/provider.js';
import type { Reply } from '../upstream.js';
import { expectNoKey, hasKey, never, row, startBench, startForeign, type Bench } from './bench.js';
import { isNone, type CancelContract, type Contract, type LookContract } from './contract.js';

export function cancelRows(contract: Contract): void {
  const { cancel, look } = contract;
  if (isNone(cancel) || isNone(look)) {
    const absent = isNone(cancel) ? cancel : { none: 'without a look there is no task to stop' };
    row(
      'row cancel',
      absent,
      () => undefined,
      () => expect(contract.create({}).cancel).toBeNull(),
    );
  } else {
    cancels(contract, cancel, look);
  }
}

function cancels(contract: Contract, cancel: CancelContract, look: LookContract): void {
  async function ask(
    answers: readonly Reply[],
    options: Parameters<typeof startBench>[2] = {},
  ): Promise<Bench & { outcome: CancelOutcome | undefined }> {
    const bench = await startBench(contract, () => answers, options);
    const outcome = await bench.provider.cancel?.(bench.account, look.task(bench.home), never);
    expectNoKey(contract, outcome ?? null);
    return { ...bench, outcome };
  }

  describe('row cancel', () => {
    it('asks at the documented address, with the key', async () => {
      const { upstream } = await ask(cancel.queued);
      expect(upstream.requests.map(({ method, url }) => `${method} ${url}`)).toContain(cancel.address);
      if (isNone(contract.credential)) return;
      for (const seen of upstream.requests) expect(hasKey(contract, seen)).toBe(true);
    });

    it('before it runs', async () => {
      expect((await ask(cancel.queued)).outcome).toMatchObject({ kind: 'asked' });
    });

    it('while it runs', async () => {
      expect((await ask(cancel.running)).outcome).toMatchObject({ kind: 'asked' });
    });

    it('after its end it is too late', async () => {
      expect((await ask(cancel.finished)).outcome).toMatchObject({ kind: 'tooLate' });
    });

    it.each<[string, Reply, object]>([
      ['an error', cancel.broken, {}],
      ['HTTP 429', { status: 429, body: '' }, {}],
      ['HTTP 500', { status: 500, body: '' }, {}],
      ['a lost reply', { cut: 'read' }, {}],
      ['a slow answer', { stall: 'head' }, { answerMs: 100 }],
    ])('not answered: %s', async (_, reply, timeouts) => {
      expect((await ask([reply], { timeouts })).outcome).toMatchObject({ kind: 'unavailable' });
    });

    it('rule 5: at a foreign address it is not asked', async () => {
      const foreign = await startForeign();
      const { provider, account } = await startBench(contract, () => cancel.running, { unusedMayStay: true });
      const outcome = await provider.cancel?.(account, look.elsewhere(foreign.origin), never);
      expect(outcome).toBeDefined();
    });
  });
}
