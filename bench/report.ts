import type { Measurement } from './processes.ts';
import { serverNames, workloadNames, type ServerName, type WorkloadName } from './workloads.ts';

export type Sample = Measurement & { workload: WorkloadName; server: ServerName; round: number };

/** Null when the system never told. */
function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 ? null : median(known);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** One table a workload; every figure is the median over the rounds. */
export function report(samples: readonly Sample[]): string {
  return workloadNames
    .flatMap((workload) => {
      const own = samples.filter((sample) => sample.workload === workload);
      return own.length === 0 ? [] : [`### ${workload}\n\n${tableOf(own)}`];
    })
    .join('\n\n');
}

function tableOf(samples: readonly Sample[]): string {
  const ours = summary(samples, 'darkroom');
  const lines = serverNames.flatMap((name) => {
    const each = summary(samples, name);
    if (each === null) return [];
    const { rate, low, high, p50, p99, cpu, postgres } = each;
    const ratio = ours === null || name === 'darkroom' ? '' : `${(ours.rate / rate).toFixed(2)}×`;
    const range = `${low.toFixed(0)} to ${high.toFixed(0)}`;
    return [
      `| ${name} | ${rate.toFixed(0)} | ${range} | ${ratio} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${cpu?.toFixed(0) ?? ''} | ${postgres?.toFixed(0) ?? ''} |`,
    ];
  });
  return [
    '| server | answers/s | lowest to highest | Darkroom is | p50 ms | p99 ms | server CPU µs/answer | Postgres CPU µs/answer |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

type Summary = {
  rate: number;
  low: number;
  high: number;
  p50: number;
  p99: number;
  cpu: number | null;
  postgres: number | null;
};

function summary(samples: readonly Sample[], server: ServerName): Summary | null {
  const own = samples.filter((sample) => sample.server === server);
  if (own.length === 0) return null;
  const rates = own.map((sample) => sample.perSecond);
  return {
    rate: median(rates),
    low: Math.min(...rates),
    high: Math.max(...rates),
    p50: median(own.map((sample) => sample.p50Ms)),
    p99: median(own.map((sample) => sample.p99Ms)),
    cpu: medianOf(own.map((sample) => sample.cpuMicros)),
    postgres: medianOf(own.map((sample) => sample.postgresMicros)),
  };
}
