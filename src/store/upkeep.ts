import type { Database } from './database.js';
import { purgeHints } from './hints.js';
import { purgeIdempotency } from './idempotency.js';
import { ensurePartitions } from './partitions.js';
import { purgeProviderCalls } from './provider-calls.js';
import { purgeRunTimes } from './run-times.js';

/** What has to be done in the database every now and then. Any number of processes may do it. */
export async function upkeep(database: Database, now: Date): Promise<void> {
  await ensurePartitions(database, now);
  while ((await purgeIdempotency(database)) > 0);
  await purgeHints(database);
  await purgeProviderCalls(database);
  await purgeRunTimes(database);
}
