/** A subscription over either of the streaming doors. */
export type Connection = {
  /** Cuts the connection without a word. */
  cut(): void;
  /** Resolves when it is over, however it ended. */
  readonly over: Promise<void>;
};

export type Opening = {
  url: string;
  authorization: string;
  /** Null: connect, and do nothing. */
  subscribe: { query: string; variables: Record<string, unknown> } | null;
  onReady?: () => void;
  /** Gets each payload as it comes. */
  onNext?: (payload: unknown) => void;
  onRefused?: (payload: unknown) => void;
};
