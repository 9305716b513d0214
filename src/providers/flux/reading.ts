/** What the answers of one `/v1/{model}` dialect are read with. */
export type FluxReading = {
  /** Hidden in all that is said. */
  apiKey: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** The micro-USD that an answer's `cost` means; null for none. */
  cost: (value: unknown) => number | null;
};
