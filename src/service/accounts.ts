import type { Pauses, Viewer } from '../domain/ports.js';
import type { AccountFault, AccountPause } from '../domain/standing.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import { accountsOf, type Account, type Catalogue } from '../domain/route.js';
import { checkText } from '../domain/text.js';
import { DarkroomError } from '../errors.js';
import type { StandingWatch } from './standing.js';

/** A provider account as it stands. */
export type AccountState = {
  account: Account;
  pause: AccountPause | null;
  /** Tasks that the provider may be running, of all projects; null for a viewer who is no operator. */
  slotsInUse: number | null;
  /** How many were settled lately at another price than the table says. */
  priceDifferences: number;
  /** What went wrong lately, the newest first. */
  faults: readonly AccountFault[];
};

export type AccountService = {
  list(viewer: Viewer): Promise<AccountState[]>;
  pause(viewer: Viewer, accountId: string, reason: string | null): Promise<Checked<AccountState>>;
  resume(viewer: Viewer, accountId: string): Promise<Checked<AccountState>>;
};

const reasonBound = 500;

/** The provider accounts: whoever may use one may read of it, operators may pause and resume them. */
export function createAccountService(parts: {
  pauses: Pauses;
  catalogue: Catalogue;
  standing: Pick<StandingWatch, 'faults' | 'now' | 'refresh'>;
}): AccountService {
  const { pauses, catalogue, standing } = parts;

  async function list(viewer: Viewer): Promise<AccountState[]> {
    const [paused, slots] = await Promise.all([pauses.list(), viewer.operator ? pauses.slots() : null]);
    // An operator sees all of them, whatever projects may use them.
    const seen = viewer.operator ? catalogue.accounts : accountsOf(catalogue, viewer.projectSlug);
    return seen.map((account) => ({
      account,
      pause: paused.find((pause) => pause.account === account.id) ?? null,
      slotsInUse: slots === null ? null : (slots.get(account.id) ?? 0),
      priceDifferences: [...standing.now().health.values()]
        .filter((health) => health.account === account.id)
        .reduce((sum, { prices }) => sum + prices.differed, 0),
      faults: standing
        .faults()
        .filter((fault) => fault.account === account.id)
        .toSorted((a, b) => b.lastAt.getTime() - a.lastAt.getTime()),
    }));
  }

  async function change(
    viewer: Viewer,
    accountId: string,
    act: () => Promise<unknown>,
  ): Promise<Checked<AccountState>> {
    if (!viewer.operator) {
      throw new DarkroomError('FORBIDDEN', "Only an operator's key may pause and resume provider accounts.");
    }
    const find = async (): Promise<AccountState | undefined> =>
      (await list(viewer)).find(({ account }) => account.id === accountId);
    if ((await find()) === undefined) {
      const known = catalogue.accounts.map(({ id }) => id).join(', ');
      const message = `No such provider account is configured here; there are: ${known}.`;
      return refused(refusal('NOT_FOUND', ['account'], message, { given: accountId }));
    }
    await act();
    await standing.refresh();
    const state = await find();
    if (state === undefined) throw new Error('A provider account vanished.');
    return accepted(state);
  }

  return {
    list,
    async pause(viewer, accountId, reason) {
      const message = reason ?? 'An operator paused it.';
      const faults = checkText(message, ['reason'], { minimum: 1, maximum: reasonBound, what: 'The reason' });
      if (faults.length > 0) return refused(...faults);
      return await change(
        viewer,
        accountId,
        async () => await pauses.pause({ account: accountId, code: 'PAUSED_BY_OPERATOR', message, probeInMs: null }),
      );
    },
    resume: async (viewer, accountId) =>
      await change(viewer, accountId, async () => await pauses.resume(accountId, { probed: false })),
  };
}
