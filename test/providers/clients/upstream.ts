import { onTestFinished } from 'vitest';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../../src/sandbox/sandbox.js';

/** A sandbox that works a hundred times as fast as a real upstream, on the real clock, as an official client meets it. */
export async function startUpstream(options: SandboxOptions = {}): Promise<{ sandbox: Sandbox; url: string }> {
  const sandbox = createSandbox({ image: 'small', timeScale: 100, resultLifetimeMs: 1e9, ...options });
  const { url } = await sandbox.start();
  onTestFinished(() => sandbox.stop());
  return { sandbox, url };
}

/** How often a submit of this prompt came, and how many tasks were made of it: more than one is paid more than once. */
export function paid(sandbox: Sandbox, prompt: string): { submits: number; tasks: number } {
  const submits = sandbox.log().filter(({ submit }) => submit?.prompt === prompt);
  return { submits: submits.length, tasks: submits.filter(({ task }) => task !== null).length };
}
