import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { Pool } from 'pg';

export type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';

/** Node has it; TypeScript knows it only together with the whole browser. */
declare const WebAssembly: {
  instantiate(
    code: Uint8Array,
    imports: Record<string, object>,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

const PROVIDER = 'datasource db {\n  provider = "postgresql"\n}\n';

/** The bindings hold one instance in a variable of their own: a second would pull it from under the first. */
let loaded: Promise<void> | undefined;

/**
 * Prisma's schema engine, which applies and writes migrations, as WebAssembly: nothing to download. `onFault` hears why a
 * script failed in PostgreSQL's own words, of which the engine's error keeps only a part.
 */
export async function openSchemaEngine(
  pool: Pool,
  onFault: (error: unknown) => void = () => undefined,
): Promise<bindings.SchemaEngine> {
  await (loaded ??= load());
  const adapter = bindMigrationAwareSqlAdapterFactory(atOnce(new PrismaPg(pool), onFault));
  return bindings.SchemaEngine.new({ datamodels: [['schema.prisma', PROVIDER]] }, () => undefined, adapter);
}

/** By hand, because the package's own entry imports the .wasm as a module, which Node does not do unasked. */
async function load(): Promise<void> {
  const require = createRequire(import.meta.url);
  const path = require.resolve('@prisma/schema-engine-wasm').replace(/schema_engine\.js$/, 'schema_engine_bg.wasm');
  const { instance } = await WebAssembly.instantiate(await readFile(path), {
    './schema_engine_bg.js': { ...bindings },
  });
  const { __wbg_set_wasm: useInstance } = bindings;
  useInstance(instance.exports);
  const start = instance.exports['__wbindgen_start'];
  if (typeof start !== 'function') throw new Error(`${path} has no __wbindgen_start`);
  start();
}

/**
 * Prisma's adapter cuts a script at every semicolon, even inside a function's body, and a failure leaves the first half
 * done. Sent whole and without parameters, PostgreSQL takes a script as one transaction.
 */
function atOnce(factory: PrismaPg, onFault: (error: unknown) => void): SqlMigrationAwareDriverAdapterFactory {
  const whole = (adapter: SqlDriverAdapter): SqlDriverAdapter =>
    Object.assign(adapter, {
      async executeScript(script: string): Promise<void> {
        try {
          await adapter.executeRaw({ sql: script, args: [], argTypes: [] });
        } catch (error) {
          onFault(error);
          throw error;
        }
      },
    });
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => whole(await factory.connect()),
    connectToShadowDb: async () => whole(await factory.connectToShadowDb()),
  };
}
