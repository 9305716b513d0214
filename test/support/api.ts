import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { z } from 'zod';

const errorSchema = z.object({
  message: z.string(),
  path: z.array(z.union([z.string(), z.number()])).optional(),
  extensions: z.looseObject({ code: z.string() }),
});
const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z.array(errorSchema).default([]),
});
const pushedSchema = answerSchema.omit({ errors: true });

export type ApiError = z.infer<typeof errorSchema>;
export type Answer = { status: number; headers: Headers; data: unknown; errors: ApiError[] };
export type Variables = Record<string, unknown>;

/** A subscription's messages as they come. */
export type Inbox<T> = {
  readonly received: readonly T[];
  /** Waits until what has come fulfils the condition; fails when the stream ends before. */
  until(condition: (received: readonly T[]) => boolean): Promise<readonly T[]>;
  /** Resolves when the server ends the stream; rejects with what it was ended by. */
  readonly ended: Promise<void>;
  close(): void;
};

/** Darkroom's API as one client sees it, over HTTP and graphql-ws. */
export type Api = {
  /** The answer must have no errors, and data of this shape. */
  ask<T>(shape: z.ZodType<T>, document: string, variables?: Variables): Promise<T>;
  /** Whatever comes back. */
  send(document: string, variables?: Variables): Promise<Answer>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** `POST /images`. */
  upload(bytes: Uint8Array): Promise<string>;
  subscribe<T>(shape: z.ZodType<T>, document: string, variables?: Variables): Inbox<T>;
  close(): Promise<void>;
};

const uploadedSchema = z.object({ id: z.string() });

export function createApi(url: string, authorization: string | null): Api {
  const headers: Record<string, string> = authorization === null ? {} : { authorization };
  const sockets = new Set<Client>();

  async function fetchPath(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(`${url}${path}`, {
      ...init,
      headers: { ...headers, ...Object.fromEntries(new Headers(init.headers)) },
    });
  }

  async function send(document: string, variables: Variables = {}): Promise<Answer> {
    const response = await fetchPath('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: document, variables }),
    });
    const body: unknown = await response.json();
    const { data, errors } = answerSchema.parse(body);
    return { status: response.status, headers: response.headers, data, errors };
  }

  return {
    send,
    fetch: fetchPath,
    async ask(shape, document, variables) {
      const { data, errors } = await send(document, variables);
      if (errors.length > 0) throw new Error(`Refused: ${JSON.stringify(errors)}`);
      return shape.parse(data);
    },
    async upload(bytes) {
      const response = await fetchPath('/images', { method: 'POST', body: Uint8Array.from(bytes) });
      if (response.status !== 201) throw new Error(`POST /images: ${response.status} ${await response.text()}`);
      return uploadedSchema.parse(await response.json()).id;
    },
    subscribe(shape, document, variables = {}) {
      const client = createClient({
        url: `${url.replace(/^http/, 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: headers,
        retryAttempts: 0,
        // The client's default writes to the console.
        onNonLazyError: () => undefined,
      });
      sockets.add(client);
      return openInbox(client, shape, { query: document, variables });
    },
    async close() {
      for (const client of sockets) await client.dispose();
      sockets.clear();
    },
  };
}

function openInbox<T>(client: Client, shape: z.ZodType<T>, request: { query: string; variables: Variables }): Inbox<T> {
  const received: T[] = [];
  let wake = (): void => undefined;
  let over = false;
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  // Whoever does not care for the end need not handle it.
  ended.catch(() => undefined);
  const unsubscribe = client.subscribe(request, {
    next(message) {
      const pushed = answerSchema.safeParse(message);
      if (pushed.success && pushed.data.errors.length > 0) return fail(new Error(JSON.stringify(pushed.data.errors)));
      try {
        received.push(shape.parse(pushedSchema.parse(message).data));
      } catch (error) {
        return fail(error);
      }
      return wake();
    },
    error: (error) => fail(error),
    complete() {
      over = true;
      resolve();
      wake();
    },
  });

  function fail(error: unknown): void {
    over = true;
    reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
    wake();
  }

  return {
    received,
    ended,
    async until(condition) {
      while (!condition(received)) {
        if (over) {
          await ended;
          throw new Error(`The stream ended after ${received.length} messages: ${JSON.stringify(received)}`);
        }
        await new Promise<void>((next) => (wake = next));
      }
      return received;
    },
    close: unsubscribe,
  };
}
