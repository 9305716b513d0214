import { styleText } from 'node:util';
import type { GenerationStatus } from '../generated/graphql.js';

export type Progress = {
  status: GenerationStatus;
  /** What the provider reports, 0 to 1. */
  progress: number | null;
  error: { code: string; message: string | null } | null;
};

export type Meter = {
  show(state: Progress): void;
  /** Leaves the last line standing. */
  end(): void;
};

/** What a meter needs of `process.stdout`. */
type Terminal = { isTTY: boolean; columns: number; write(text: string): boolean };

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const barWidth = 24;
const statusWidth = 'UNCONFIRMED'.length;

/** How much of the way lies behind; the provider's part is the long one. */
export function fractionOf({ status, progress }: Pick<Progress, 'status' | 'progress'>): number {
  switch (status) {
    case 'QUEUED':
      return 0;
    case 'SUBMITTING':
    case 'UNCONFIRMED':
      return 0.05;
    case 'RUNNING':
      return 0.1 + 0.8 * (progress ?? 0);
    case 'SAVING':
      return 0.95;
    case 'SUCCEEDED':
    case 'MODERATED':
    case 'FAILED':
    case 'EXPIRED':
    case 'CANCELED':
      return 1;
  }
}

/** One state in words: for logs, and as the part behind the bar. */
export function describe({ status, progress, error }: Progress): string {
  const percent = progress === null ? '' : `${Math.round(progress * 100)} %`;
  const why = error === null ? '' : (error.message ?? error.code);
  return [status.padEnd(statusWidth), percent, why]
    .filter((part) => part !== '')
    .join('  ')
    .trimEnd();
}

/** The terminal's one line, at most `columns` wide: a longer one would wrap and could not be drawn over. */
export function progressLine(state: Progress, elapsedMs: number, columns: number): string {
  const filled = Math.round(fractionOf(state) * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  const sign = state.status === 'SUCCEEDED' ? '✔' : (spinner[Math.floor(elapsedMs / 100) % spinner.length] ?? '');
  const line = `  ${sign} ${bar}  ${seconds(elapsedMs).padStart(7)}  ${describe(state)}`;
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** A line that is drawn over on a terminal; elsewhere (a file, a pipe, CI) a line for each change. */
export function createMeter(stream: Terminal, now: () => number = Date.now): Meter {
  const startedAt = now();
  const animated = stream.isTTY && process.env['TERM'] !== 'dumb';
  let state: Progress | null = null;
  let last = '';

  function draw(): void {
    if (state === null) return;
    const line = progressLine(state, now() - startedAt, stream.columns || 80);
    stream.write(`\r\u001b[K${styleText(state.status === 'SUCCEEDED' ? 'green' : 'cyan', line)}`);
  }
  const timer = animated ? setInterval(draw, 100) : null;

  return {
    show(next) {
      state = next;
      if (animated) return draw();
      const line = describe(next);
      if (line !== last) stream.write(`  ${seconds(now() - startedAt).padStart(7)}  ${line}\n`);
      last = line;
    },
    end() {
      if (timer === null) return;
      clearInterval(timer);
      if (state !== null) stream.write('\n');
      state = null;
    },
  };
}
