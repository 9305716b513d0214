import { pino, type Logger } from 'pino';

export type { Logger };

/** One JSON line per message on stderr, so that stdout stays free for what a person should read. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: ['apiKey', 'authorization', '*.apiKey', '*.authorization'], censor: '[hidden]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
