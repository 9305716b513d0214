import { createClient } from 'graphql-ws';
import { followDocument, type FollowFilter, type WireMessage } from './document.js';
import { FollowError, refusal, type Fault } from './errors.js';
import { readEvents } from './read-events.js';

export type Connection = {
  /** `http://…` or `https://…`, without a path. */
  url: string;
  apiKey: string;
  transport: 'ws' | 'sse';
  /** A connection on which nothing comes for so many milliseconds, no ping either, is given up. */
  silenceMs: number;
  /** Where there is no global one: Node 20. */
  webSocket?: unknown;
};

export type Request = { filter: FollowFilter; after: string | null };

/** What becomes of a connection. */
export type Sink = {
  connected: () => void;
  message: (message: WireMessage) => void;
  /** Called once, when nothing more comes; with an error unless the server ended it in order. */
  over: (error: unknown) => void;
};

type Pushed = { data?: { generationEvents: WireMessage } | null; errors?: readonly Fault[] };

/** graphql-ws's close code for a key that is not known. */
const forbidden = 4403;

/** Opens a connection with one subscription; gives back how to leave it. */
export function connect(connection: Connection, request: Request, sink: Sink): () => void {
  let over = false;
  function finish(error: unknown): void {
    if (over) return;
    over = true;
    leave();
    sink.over(error);
  }
  function push({ data, errors }: Pushed): void {
    if (over) return;
    const [fault] = errors ?? [];
    if (fault !== undefined) finish(refusal(fault));
    else if (data != null) sink.message(data.generationEvents);
  }
  const open = connection.transport === 'ws' ? openSocket : openStream;
  const leave = open(connection, request, { connected: sink.connected, push, finish });
  return () => {
    over = true;
    leave();
  };
}

type Inner = { connected: () => void; push: (pushed: Pushed) => void; finish: (error: unknown) => void };

function openSocket(connection: Connection, request: Request, inner: Inner): () => void {
  const { url, apiKey, silenceMs, webSocket } = connection;
  let silence = setTimeout(() => inner.finish(new Error('No connection could be made.')), silenceMs);
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    // A browser cannot set headers on a WebSocket, so the key travels in its first message.
    connectionParams: { authorization: `Bearer ${apiKey}` },
    webSocketImpl: webSocket,
    retryAttempts: 0,
    keepAlive: silenceMs / 2,
    on: {
      connected() {
        clearTimeout(silence);
        inner.connected();
      },
      ping(received) {
        if (!received)
          silence = setTimeout(() => inner.finish(new Error('The connection went silent.')), silenceMs / 2);
      },
      pong: () => clearTimeout(silence),
      closed: () => clearTimeout(silence),
    },
  });
  client.subscribe<Pushed['data'] & object>(
    { query: followDocument, variables: request },
    { next: inner.push, error: (thrown) => inner.finish(fromSocket(thrown)), complete: () => inner.finish(null) },
  );
  return () => {
    clearTimeout(silence);
    // One that is still being made is closed as soon as it is.
    void Promise.resolve(client.dispose()).catch(() => undefined);
  };
}

/** graphql-ws throws GraphQL errors as a list, and anything else as the WebSocket's event. */
function fromSocket(thrown: unknown): unknown {
  if (Array.isArray(thrown)) {
    const faults: readonly Fault[] = thrown;
    return faults[0] === undefined ? new Error('The operation failed.') : refusal(faults[0]);
  }
  if (thrown instanceof Error) return thrown;
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? Number(thrown.code) : null;
  if (code === forbidden) return new FollowError('UNAUTHENTICATED', 'This API key is unknown or revoked.');
  return new Error(code === null ? 'No connection could be made.' : `The connection was closed with code ${code}.`);
}

function openStream(connection: Connection, request: Request, inner: Inner): () => void {
  const { url, apiKey, silenceMs } = connection;
  const leaving = new AbortController();
  let silence: ReturnType<typeof setTimeout> | undefined;
  function heard(): void {
    clearTimeout(silence);
    silence = setTimeout(() => leaving.abort(new Error('The connection went silent.')), silenceMs);
  }

  async function read(): Promise<void> {
    heard();
    const response = await fetch(`${url}/graphql/stream`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({ query: followDocument, variables: request }),
      signal: leaving.signal,
    });
    if (response.body === null || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
      throw await refused(response);
    }
    inner.connected();
    for await (const { event, data } of readEvents(response.body, heard)) {
      if (event === 'complete') return;
      const pushed: Pushed = JSON.parse(data);
      inner.push(pushed);
    }
    throw new Error('The connection was closed.');
  }

  read()
    .then(
      () => inner.finish(null),
      (error: unknown) => inner.finish(error),
    )
    .finally(() => clearTimeout(silence))
    .catch(() => undefined);
  return () => {
    clearTimeout(silence);
    leaving.abort();
  };
}

async function refused(response: Response): Promise<Error> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const body: Pushed = isJson ? JSON.parse(text) : {};
  const fault = body.errors?.[0];
  return fault === undefined ? new Error(`The server answered ${response.status}.`) : refusal(fault);
}
