import type { Dispatcher } from 'undici';
import { describeFault } from './fault.js';

export type AnswerBody = { kind: 'whole'; bytes: Buffer } | { kind: 'oversized' } | { kind: 'broken'; message: string };

/** What became of one HTTP exchange. */
export type Exchange =
  | {
      kind: 'answered';
      status: number;
      headers: Readonly<Record<string, string | string[] | undefined>>;
      body: AnswerBody;
    }
  /** There was no connection, so not one byte of the request has left. Only `sendOnce` can tell. */
  | { kind: 'unsent'; message: string }
  /** No answer; the request may have arrived. */
  | { kind: 'lost'; message: string };

type Limits = {
  /** An answer longer than this is not read to its end. */
  maxBytes: number;
  /** Rejects when the exchange is to end whatever has come of it. */
  over: Promise<never>;
};

/**
 * Sends a request and collects its answer as it comes: undici's own `request` makes a stream of each, which thousands of looks
 * a second would pay dearly for. Never throws for what the network does.
 */
export async function collectAnswer(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { maxBytes, over }: Limits,
): Promise<Exchange> {
  return await new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | null = null;
    let head: { status: number; headers: Readonly<Record<string, string | string[] | undefined>> } | null = null;
    const pieces: Buffer[] = [];
    let size = 0;
    let ended = false;

    function end(body: AnswerBody): void {
      if (ended) return;
      ended = true;
      const { message } = { message: 'it ended before it began', ...body };
      resolve(head === null ? { kind: 'lost', message } : { kind: 'answered', ...head, body });
    }
    const fail = (error: unknown): void => end({ kind: 'broken', message: describeFault(error) });
    function tooLong(): void {
      end({ kind: 'oversized' });
      controller?.abort(new Error('too long'));
    }

    over.catch((error: unknown) => {
      if (ended) return;
      fail(error);
      controller?.abort(new Error('given up'));
    });
    dispatcher.dispatch(request, {
      onRequestStart(started) {
        controller = started;
        // Given up while it waited for its connection.
        if (ended) started.abort(new Error('given up'));
      },
      onResponseStart(_controller, status, headers) {
        head = { status, headers };
        if (Number(headers['content-length'] ?? 0) > maxBytes) tooLong();
      },
      onResponseData(_controller, piece) {
        if (ended) return;
        size += piece.length;
        if (size > maxBytes) tooLong();
        else pieces.push(piece);
      },
      onResponseEnd() {
        const [only] = pieces;
        end({ kind: 'whole', bytes: only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces, size) });
      },
      onResponseError(_controller, error) {
        fail(error);
      },
    });
  });
}
