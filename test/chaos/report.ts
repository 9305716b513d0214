import type { ChaosReport } from './run.js';

function table(rows: readonly (readonly [string, string | number])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

/** The report as text. */
export function show({ generations, seconds, recoveries, facts, violations }: ChaosReport): string {
  const times = recoveries.map(({ disturbance, what, ms }): [string, string] => [
    `${disturbance}: ${what}`,
    ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`,
  ]);
  return [
    '',
    `${generations} generations in ${seconds.toFixed(0)} s`,
    '',
    ...table(facts),
    '',
    'Well again after',
    ...table(times),
    '',
    violations.length === 0 ? 'No violation: nothing lost, nothing twice, no event missed or repeated.' : 'VIOLATIONS',
    ...violations.map((violation) => `  - ${violation}`),
  ].join('\n');
}
