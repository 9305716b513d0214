import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const script = fileURLToPath(new URL('./hold-folder.ts', import.meta.url));
const lineSchema = z.object({ url: z.string().default('') });

export type Holder = { pid: number; url: string; kill(): Promise<void> };

/** Starts another Darkroom-like process on the folder and waits until it holds it. */
export async function holdFolder(what: 'lock' | 'postgres', folder: string): Promise<Holder> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, what, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [line]: unknown[] = await Promise.race([once(lines, 'line'), exited]);
  if (typeof line !== 'string' || child.pid === undefined) throw new Error('the other process did not start');
  return {
    pid: child.pid,
    url: lineSchema.parse(JSON.parse(line)).url,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
