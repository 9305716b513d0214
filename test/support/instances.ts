import { rm } from 'node:fs/promises';
import { pino } from 'pino';
import { expect, vi } from 'vitest';
import { startApp } from '../../src/app.js';
import { readConfig } from '../../src/config/config.js';
import { generationMove } from '../../src/domain/change.js';
import type { NewGeneration } from '../../src/domain/generation.js';
import { createApi, type Api } from './api.js';
import { makeFolder, type Row } from './darkroom.js';
import { openLedger, type LedgerBench } from './ledger.js';

/** API processes on one database, whose ledger the test writes. */
export type Instances = {
  bench: LedgerBench;
  apiKey: string;
  projectId: string;
  profileId: string;
  start(): Promise<Instance>;
  /** Generations of the demo project, each taken through its whole life, all at once. */
  draw(count: number, details?: Partial<NewGeneration>): Promise<string[]>;
  /** Waits until every event has its position. */
  numbered(): Promise<void>;
  stop(): Promise<void>;
};

export type Instance = { url: string; api: Api; stop(): Promise<void> };

export const wholeLife = ['QUEUED', 'SUBMITTING', 'RUNNING', 'SAVING', 'SUCCEEDED'] as const;

export async function openInstances(environment: Record<string, string> = {}): Promise<Instances> {
  const bench = await openLedger();
  const dataFolder = await makeFolder();
  const running = new Set<Instance>();
  const log: Row[] = [];
  const logger = pino({ level: 'error', base: null }, { write: (line) => void log.push(JSON.parse(line)) });
  const config = readConfig({
    DATABASE_URL: bench.url,
    DARKROOM_DATA: dataFolder,
    ROLE: 'api',
    // Never called: an API process does not talk to providers.
    SANDBOX_URL: 'http://127.0.0.1:9',
    PORT: '0',
    ...environment,
  });
  let apiKey = '';

  async function start(): Promise<Instance> {
    const app = await startApp(config, logger);
    if (app.url === null || app.demo === null) throw new Error('The app serves no API.');
    apiKey = app.demo.apiKey;
    const api = createApi(app.url, `Bearer ${apiKey}`);
    const instance: Instance = {
      url: app.url,
      api,
      async stop() {
        if (!running.delete(instance)) return;
        await api.close();
        await app.stop();
      },
    };
    running.add(instance);
    return instance;
  }

  const first = await start();
  const [found] = await bench.sql(
    "select j.id::text, p.id::text as profile_id from project j join profile p on p.project_id = j.id where j.slug = 'demo'",
  );
  await first.stop();
  const projectId = String(found?.['id']);
  const profileId = String(found?.['profile_id']);
  return {
    bench,
    apiKey,
    projectId,
    profileId,
    start,
    async draw(count, details) {
      const ids = await bench.accept(count, { projectId, profileId, ...details });
      await Promise.all(
        ids.map(async (generationId) => {
          for (const to of wholeLife.slice(1)) {
            await bench.store.ledger.change({ generationId, attempt: null, generation: generationMove(to) });
          }
        }),
      );
      return ids;
    },
    async numbered() {
      await vi.waitFor(
        async () => expect(await bench.sql('select from generation_event where position is null')).toEqual([]),
        { timeout: 10_000 },
      );
    },
    async stop() {
      for (const instance of running) await instance.stop();
      await bench.stop();
      await rm(dataFolder, { recursive: true, force: true });
      expect(log).toEqual([]);
    },
  };
}
