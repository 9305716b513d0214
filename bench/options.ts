import { parseArgs } from 'node:util';
import { workloadNames, type WorkloadName } from './workloads.ts';

export type Options = {
  rounds: number;
  /** Length of one measurement, and of the warm-up before it. */
  seconds: number;
  warmSeconds: number;
  connections: number;
  /** Generations in the history that pages are read from. */
  rows: number;
  workloads: readonly WorkloadName[];
  /** Measure Darkroom alone, under the CPU profiler. */
  profile: boolean;
};

export const usage = `npm start -- [options]

  --rounds 5         rounds; in each every server is measured once, in a new order
  --seconds 5        length of one measurement
  --warm 2           seconds of the same load before each
  --connections 32   connections, one request at a time on each
  --rows 300000      generations in the history
  --only page,rich,submit
  --profile          Darkroom alone under the CPU profiler: where the time goes`;

export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      warm: { type: 'string', default: '2' },
      connections: { type: 'string', default: '32' },
      rows: { type: 'string', default: '300000' },
      only: { type: 'string', default: workloadNames.join(',') },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const only = values.only.split(',');
  const unknown = only.find((name) => !workloadNames.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--only knows ${workloadNames.join(', ')}; not ${unknown}.`);
  return {
    rounds: numberFrom('rounds', values.rounds, 1, 50),
    seconds: numberFrom('seconds', values.seconds, 1, 60),
    warmSeconds: numberFrom('warm', values.warm, 0, 60),
    connections: numberFrom('connections', values.connections, 1, 256),
    rows: numberFrom('rows', values.rows, 1_000, 10_000_000),
    workloads: workloadNames.filter((name) => only.includes(name)),
    profile: values.profile,
  };
}

function numberFrom(name: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new Error(`--${name} must be a whole number from ${minimum} to ${maximum}; ${text} was given.`);
}
