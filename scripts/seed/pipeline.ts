import type { Sql } from 'postgres';
import type { Month } from '../../src/store/partitions.js';
import { monthOf, openMonth, takeOutEmpty, type MonthWriter } from './months.js';
import type { SeedOptions } from './options.js';
import type { Bytes } from './bytes.js';

/** The months of a history, one after the other: while one is put in its place the next is written, and more is made. */
export type Months = {
  /** Whether a moment is in a later month than the one being written. */
  endsBefore(at: number): boolean;
  /** Goes on to the month of a moment; `onMonth` hears when everything before it is in. */
  next(at: number, onMonth?: (until: Date) => void): Promise<void>;
  /** Returns once what was given the last time is written. */
  write(bytes: Bytes): Promise<void>;
  end(onMonth?: (until: Date) => void): Promise<void>;
  abandon(): Promise<void>;
};

const dayMs = 86_400_000;

export async function openMonths(sql: Sql, options: SeedOptions & { alone: boolean }): Promise<Months> {
  const { days, until, alone } = options;
  const silent = await maySilence(sql);
  const all = monthsBetween(until.getTime() - days * dayMs, until.getTime() - 1);
  // A server that is running writes to this month and to no earlier one.
  const present = monthOf(Date.now()).name;
  const aside = await takeOutEmpty(sql, alone ? all : all.filter(({ name }) => name < present));
  let writing: Promise<void> = Promise.resolve();
  let finishing: Promise<void> = Promise.resolve();
  let open: { endsAt: number; writer: MonthWriter } | null = null;

  async function write(bytes: Bytes): Promise<void> {
    await writing;
    if (open === null) return;
    writing = open.writer.write(bytes);
    // It is awaited at the next ones; until then its failure is nobody's surprise.
    writing.catch(() => undefined);
  }

  async function close(onMonth: ((until: Date) => void) | undefined): Promise<void> {
    await writing;
    await finishing;
    if (open === null) return;
    const { writer, endsAt } = open;
    open = null;
    finishing = writer.finish().then(() => onMonth?.(new Date(Math.min(endsAt, until.getTime()))));
    finishing.catch(() => undefined);
  }

  return {
    endsBefore: (at) => open === null || at >= open.endsAt,
    write,
    async next(at, onMonth) {
      await close(onMonth);
      const month = monthOf(at);
      const date = new Date(at);
      const endsAt = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
      const writer = await openMonth(sql, month, { aside: aside.has(month.name), silent });
      open = { endsAt, writer };
    },
    async end(onMonth) {
      await close(onMonth);
      await finishing;
    },
    async abandon() {
      await Promise.allSettled([writing, finishing]);
      await open?.writer.abandon();
    },
  };
}

function monthsBetween(fromMs: number, toMs: number): Month[] {
  const months: Month[] = [];
  const [from, to] = [new Date(fromMs), new Date(toMs)];
  const last = to.getUTCFullYear() * 12 + to.getUTCMonth();
  for (let n = from.getUTCFullYear() * 12 + from.getUTCMonth(); n <= last; n += 1) {
    months.push(monthOf(Date.UTC(Math.floor(n / 12), n % 12, 1)));
  }
  return months;
}

/** Whether this user may do without triggers: what they would note is noted afterwards. */
async function maySilence(sql: Sql): Promise<boolean> {
  return await sql
    .begin(async (tx) => await tx`set local session_replication_role = replica`)
    .then(
      () => true,
      () => false,
    );
}
