import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a process counts of itself, for Prometheus. Names and labels are documented in docs/operating.md. */
export type Metrics = {
  submitted(labels: { account: string; outcome: string }): void;
  looked(labels: { account: string; outcome: string }): void;
  /** How long ago a result that was just found had been ready at most, in ms. */
  found(labels: { account: string }, delayMs: number): void;
  webhook(labels: { provider: string; outcome: string }): void;
  /** Whether a generation ended within the interval that was foretold for it. */
  foretold(labels: { stage: string; hit: string }): void;
  ended(labels: { status: string }): void;
  /** `price`: same, dearer or cheaper than the table says, or unlisted. */
  settled(labels: { account: string; model: string; price: string }): void;
  /** Asks for a number whenever the metrics are read. */
  gauge(name: string, help: string, read: () => number): void;
  readonly contentType: string;
  render(): Promise<string>;
};

/** With `withProcess` also what Node tells of itself: memory, processor, event loop. */
export function createMetrics(options: { withProcess: boolean }): Metrics {
  const registers = [new Registry()] as const;
  const [registry] = registers;
  if (options.withProcess) collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers: [...registers] });
  const submits = counter('darkroom_submits_total', 'Submits to providers, by outcome.', ['account', 'outcome']);
  const looks = counter('darkroom_looks_total', 'Looks at tasks, by what they showed.', ['account', 'outcome']);
  const webhooks = counter('darkroom_webhooks_total', 'Webhooks received, by outcome.', ['provider', 'outcome']);
  const foretold = counter('darkroom_eta_total', 'Generations that ended within (hit) the interval foretold.', [
    'stage',
    'hit',
  ]);
  const ended = counter('darkroom_generations_ended_total', 'Generations that this process ended.', ['status']);
  const settled = counter('darkroom_settled_total', 'Settled prices, by how they compare with the price table.', [
    'account',
    'model',
    'price',
  ]);
  const delays = new Histogram({
    name: 'darkroom_found_delay_seconds',
    help: 'From the last look that said running to the one that found the result.',
    labelNames: ['account'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [...registers],
  });

  return {
    submitted: (labels) => submits.inc(labels),
    looked: (labels) => looks.inc(labels),
    found: (labels, delayMs) => delays.observe(labels, delayMs / 1_000),
    webhook: (labels) => webhooks.inc(labels),
    foretold: (labels) => foretold.inc(labels),
    ended: (labels) => ended.inc(labels),
    settled: (labels) => settled.inc(labels),
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers: [...registers],
        collect: () => gauge.set(read()),
      });
    },
    contentType: registry.contentType,
    render: async () => await registry.metrics(),
  };
}
