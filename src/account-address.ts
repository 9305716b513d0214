import { sandboxPath } from './config/accounts.js';
import type { AccountConfig } from './config/config.js';
import type { Ground } from './ground.js';
import type { Provider } from './providers/provider.js';

/** The adapter of an account, and where it asks. */
export function accountAddress(
  { providers, sandboxUrl }: Pick<Ground, 'providers' | 'sandboxUrl'>,
  account: AccountConfig,
): { provider: Provider; baseUrl: string } {
  const provider = providers.get(account.provider);
  if (provider === undefined) throw new Error(`There is no provider ${account.provider}.`);
  const baseUrl = account.baseUrl ?? (account.sandbox ? atSandbox(sandboxUrl, account) : provider.baseUrl);
  if (baseUrl === null) throw new Error(`The account ${account.id} has no address.`);
  return { provider, baseUrl };
}

function atSandbox(sandboxUrl: string | null, { provider }: AccountConfig): string | null {
  return sandboxUrl === null ? null : `${sandboxUrl}${sandboxPath(provider)}`;
}
