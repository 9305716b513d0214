import type { RoutingPolicy } from './rank.js';
import type { AccountFault, Health, Retirement } from './standing.js';

/** What was seen of models and accounts, and what projects want of their routes: shared by all processes. */
export type Standings = {
  retirements(): Promise<Retirement[]>;
  /** The provider answered as if it had no such model; `needed` such answers without a success between them retire it. */
  noteRetired(found: { account: string; model: string; message: string; needed: number }): Promise<Retirement>;
  /** It has the model after all. With `account` null at every account. False when nothing was noted. */
  clearRetired(account: string | null, model: string): Promise<boolean>;
  /** What the newest attempts came to, by model and by account. */
  recent(): Promise<{ health: Health[]; faults: AccountFault[] }>;
  /** Of the projects that have one, by id. */
  policies(): Promise<ReadonlyMap<string, RoutingPolicy>>;
  setPolicy(projectId: string, policy: RoutingPolicy): Promise<void>;
};
