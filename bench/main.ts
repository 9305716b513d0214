import { cpus } from 'node:os';
import { makeBed, type Bed } from './bed.ts';
import { readOptions, usage, type Options } from './options.ts';
import { profileServer } from './profile.ts';
import { runLoad } from './processes.ts';
import { median, report, type Sample } from './report.ts';
import { askOf } from './workloads.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(usage);
    return;
  }
  if (options.profile) await profileServer(options);
  else await compare(options);
}

async function compare(options: Options): Promise<void> {
  console.log(`Making a database with ${options.rows} generations …`);
  const bed = await makeBed({
    rows: options.rows,
    peers: options.peers,
    against: options.against,
    darkroomFlags: [],
  });
  process.once('SIGINT', () => void bed.stop().finally(() => process.exit(130)));
  try {
    const { samples, eventsMs } = await measure(bed, options);
    console.log(
      `\n${machine(bed)}, ${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s\n`,
    );
    console.log(report(samples));
    if (eventsMs.length > 0) {
      console.log(`\nAfter the load all events had their positions within ${median(eventsMs).toFixed(0)} ms (median).`);
    }
  } finally {
    await bed.stop();
  }
}

/**
 * One workload after the other, so that what one writes cannot slow another; within it round by round, so that a change in
 * the machine's speed touches all alike, each round beginning with another server.
 */
async function measure(bed: Bed, options: Options): Promise<{ samples: Sample[]; eventsMs: number[] }> {
  const samples: Sample[] = [];
  const eventsMs: number[] = [];
  for (const workload of options.workloads) {
    for (let round = 0; round < options.rounds; round += 1) {
      for (const name of rotated([...bed.servers.keys()], round)) {
        const ask = askOf(name, workload, bed.fixture);
        const server = bed.servers.get(name);
        if (ask === null || server === undefined) continue;
        const { connections } = options;
        const order = {
          ask,
          connections,
          warmMs: options.warmSeconds * 1_000,
          measureMs: options.seconds * 1_000,
        };
        const measured = await runLoad(server, order, bed.postmasterPid);
        samples.push({ ...measured, workload, server: name, round });
        console.log(`round ${round + 1}  ${workload}  ${name}  ${measured.perSecond.toFixed(0)}/s`);
        const restedMs = await bed.rest();
        if (workload === 'submit' && name === 'darkroom') eventsMs.push(restedMs);
      }
    }
  }
  return { samples, eventsMs };
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const shift = by % list.length;
  return [...list.slice(shift), ...list.slice(0, shift)];
}

function machine(bed: Bed): string {
  const cores = cpus();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, Node ${process.version}, PostgreSQL ${bed.postgresVersion}`;
}

await main();
