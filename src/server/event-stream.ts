import { Readable } from 'node:stream';
import { asError } from '../errors.js';

/** Bytes that may wait for a slow client before the next message is asked for. */
const waitingBytes = 64 * 1024;
/** A client that has read nothing for so many pings is cut off. */
const patience = 2;

/**
 * Messages as server-sent events, in graphql-sse's words. The next message is asked for only when the one before has room:
 * so what a slow client leaves waits where it is bounded. `onClose` is called once, when the stream is over for any reason.
 */
export function createEventStream<T>(options: {
  /** Its `return` is called when nobody reads any more, also while it is asked for the next one. */
  results: AsyncIterator<T>;
  /** A result, or what was thrown instead of one, as JSON. */
  print: (result: T) => string;
  printError: (error: unknown) => string;
  pingMs: number;
  onClose: () => void;
}): Readable {
  const { results, print, printError, pingMs, onClose } = options;
  let resume: (() => void) | null = null;
  let missedPings = 0;

  function goOn(): void {
    const waiting = resume;
    resume = null;
    missedPings = 0;
    waiting?.();
  }

  const stream = new Readable({
    highWaterMark: waitingBytes,
    read: goOn,
    destroy(error, done) {
      clearInterval(pinger);
      goOn();
      onClose();
      void leave();
      done(error);
    },
  });
  const pinger = setInterval(() => {
    if (resume === null) stream.push(':\n\n');
    else if ((missedPings += 1) > patience) stream.destroy();
  }, pingMs);

  async function leave(): Promise<void> {
    await results.return?.().catch(() => undefined);
  }

  /** The next message; null when that was the last. */
  async function read(): Promise<string | null> {
    try {
      const result = await results.next();
      return result.done === true ? null : print(result.value);
    } catch (error) {
      await leave();
      return printError(error);
    }
  }

  async function write(text: string): Promise<void> {
    if (!stream.destroyed && !stream.push(text)) await new Promise<void>((resolve) => (resume = resolve));
  }

  async function pump(): Promise<void> {
    // At once, so that the headers leave and the client knows that it is connected.
    await write(':\n\n');
    while (!stream.destroyed) {
      const message = await read();
      if (message === null) break;
      await write(`event: next\ndata: ${message}\n\n`);
    }
    await write('event: complete\ndata:\n\n');
    if (!stream.destroyed) stream.push(null);
  }

  pump().catch((error: unknown) => stream.destroy(asError(error)));
  return stream;
}
