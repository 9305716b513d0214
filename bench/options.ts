import { parseArgs } from 'node:util';
import { peerNames, workloadNames, type PeerName, type WorkloadName } from './workloads.ts';

export type Options = {
  rounds: number;
  /** Length of one measurement, and of the warm-up before it. */
  seconds: number;
  warmSeconds: number;
  connections: number;
  /** Generations in the history that pages are read from. */
  rows: number;
  workloads: readonly WorkloadName[];
  peers: readonly PeerName[];
  /** Another checkout of Darkroom, built, to be measured in turn with this one. */
  against: string | null;
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
  --peers bare,mercurius,postgraphile   which of them; "none" is none
  --against folder   another checkout of Darkroom, built, in turn with this one: is a change one for the better?
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
      peers: { type: 'string', default: peerNames.join(',') },
      against: { type: 'string' },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    rounds: numberFrom('rounds', values.rounds, 1, 50),
    seconds: numberFrom('seconds', values.seconds, 1, 60),
    warmSeconds: numberFrom('warm', values.warm, 0, 60),
    connections: numberFrom('connections', values.connections, 1, 256),
    rows: numberFrom('rows', values.rows, 1_000, 10_000_000),
    workloads: namesFrom('only', values.only, workloadNames),
    peers: values.peers === 'none' ? [] : namesFrom('peers', values.peers, peerNames),
    against: values.against ?? null,
    profile: values.profile,
  };
}

function namesFrom<Name extends string>(option: string, text: string, known: readonly Name[]): Name[] {
  const given = text.split(',');
  const unknown = given.find((name) => !known.some((each) => each === name));
  if (unknown !== undefined) throw new Error(`--${option} knows ${known.join(', ')}; not ${unknown}.`);
  return known.filter((name) => given.includes(name));
}

function numberFrom(name: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new Error(`--${name} must be a whole number from ${minimum} to ${maximum}; ${text} was given.`);
}
