import { parseArgs } from 'node:util';

export type SeedOptions = {
  generations: number;
  projects: number;
  days: number;
  seed: number;
  /** The address of a PostgreSQL, or a data folder with an embedded one. */
  database: string;
  /** The last day of the history, at whose beginning (UTC) it ends. */
  until: Date;
  force: boolean;
};

export const usage = `npm run seed -- --generations N [options]

Fills a database with histories that look like real ones: generations with their attempts, events and images (rows, no
bytes), in the project "demo" and others beside it.

  --generations N    how many, 1 to 20,000,000
  --projects 3       how many projects they are of, 1 to 20; the first has half of them
  --days 365         over how many days, 1 to 1,000
  --until today      the day at whose beginning (UTC) the history ends, e.g. 2026-11-01
  --seed 1           another number gives another history; the same, the same
  --database .darkroom   postgres://… or a data folder, whose Darkroom must not be running
  --force            also into a database that has generations of its own`;

export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): SeedOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      generations: { type: 'string' },
      projects: { type: 'string', default: '3' },
      days: { type: 'string', default: '365' },
      seed: { type: 'string', default: '1' },
      until: { type: 'string' },
      database: { type: 'string' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || values.generations === undefined) return null;
  return {
    generations: wholeNumber('generations', values.generations, 1, 20_000_000),
    projects: wholeNumber('projects', values.projects, 1, 20),
    days: wholeNumber('days', values.days, 1, 1_000),
    seed: wholeNumber('seed', values.seed, 0, 2 ** 32 - 1),
    database: values.database ?? (environment['DATABASE_URL'] || environment['DARKROOM_DATA'] || '.darkroom'),
    until: dayOf(values.until ?? new Date().toISOString().slice(0, 10)),
    force: values.force,
  };
}

function wholeNumber(name: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new Error(`--${name} must be a whole number from ${minimum} to ${maximum}; ${text} was given.`);
}

function dayOf(text: string): Date {
  const day = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime())) return day;
  throw new Error(`--until must be a day such as 2026-11-01; ${text} was given.`);
}
