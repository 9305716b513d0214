/**
 * A small client of Darkroom, to copy: this file and `generated/graphql.ts`. It needs `graphql-ws` and what every browser
 * and Node 22 or later bring along (fetch, WebSocket). More operations: write them into `generations.graphql`, run
 * `npm run codegen`, and hand the new document to `send`; variables and result are typed from it.
 */
import { createClient, type FormattedExecutionResult } from 'graphql-ws';
import {
  GenerateFromCannyDocument,
  GenerationByIdDocument,
  GenerationChangedDocument,
  type GenerateFromCannyInput,
  type GenerateFromCannyMutation,
  type GenerationChangedSubscription,
  type GenerationViewFragment,
  type TypedDocumentString,
} from './generated/graphql.js';

/** A request that Darkroom refused as a whole. Mistakes in an input are no error: they come as `userErrors`. */
export class RequestError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

export type UploadedImage = { id: string; contentType: string; width: number; height: number; bytes: number };
export type Darkroom = ReturnType<typeof createDarkroom>;

/** After these nothing more happens to a generation; only SUCCEEDED has images. */
const finalStatuses: ReadonlySet<string> = new Set(['SUCCEEDED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED']);
/** The WebSocket close code for a key that is not known. */
const forbidden = 4403;

export function createDarkroom({ url, apiKey }: { url: string; apiKey: string }) {
  const authorization = `Bearer ${apiKey}`;
  // One socket for all subscriptions, opened by the first and closed after the last.
  const socket = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    // A browser cannot set headers on a WebSocket, so the key travels in its first message.
    connectionParams: { authorization },
    // Whatever breaks is connected again (here for about a minute): a subscription then begins with the present state.
    retryAttempts: 20,
    retryWait: async (attempt) => {
      await new Promise((resolve) => setTimeout(resolve, Math.min(250 * 2 ** attempt, 4_000)));
    },
    shouldRetry: (reason) => closeCode(reason) !== forbidden,
  });

  async function post(
    path: string,
    contentType: string,
    body: string | Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const headers = { authorization, 'content-type': contentType };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body, signal: signal ?? null });
    const answer = (await response.json().catch(() => null)) as { code?: string; detail?: string } | null;
    if (answer === null) {
      throw new RequestError(`HTTP_${response.status}`, `${url}${path} answered ${response.status}, and no JSON.`);
    }
    // REST errors are problem+json; GraphQL's own are seen to by `dataOf`, whatever the HTTP status.
    if (answer.detail !== undefined) {
      throw new RequestError(answer.code ?? `HTTP_${response.status}`, answer.detail);
    }
    return answer;
  }

  /** Sends a query or mutation. */
  async function send<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    signal?: AbortSignal,
  ): Promise<Result> {
    const body = JSON.stringify({ query: document.toString(), variables });
    // The document's type was made from the very schema that the server answers by.
    return dataOf((await post('/graphql', 'application/json', body, signal)) as FormattedExecutionResult<Result>);
  }

  /** Uploads a PNG, JPEG or WebP once; use its id as `controlImage` as often as you like. */
  async function upload(bytes: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<UploadedImage> {
    return (await post('/images', 'application/octet-stream', bytes, signal)) as UploadedImage;
  }

  /** Asks for a picture. Answers at once: either `generation` is accepted, or `userErrors` say what to mend. */
  async function generateFromCanny(
    input: GenerateFromCannyInput,
    signal?: AbortSignal,
  ): Promise<GenerateFromCannyMutation['generateFromCanny']> {
    return (await send(GenerateFromCannyDocument, { input }, signal)).generateFromCanny;
  }

  /** A generation as it is now, e.g. after a reload of the page; null when there is no such one. */
  async function generation(id: string, signal?: AbortSignal): Promise<GenerationViewFragment | null> {
    return (await send(GenerationByIdDocument, { id }, signal)).generation;
  }

  /** Calls `onChange` with the present state and after each change; resolves with the final state. */
  async function watch(
    id: string,
    onChange: (generation: GenerationViewFragment) => void,
    signal?: AbortSignal,
  ): Promise<GenerationViewFragment> {
    while (true) {
      signal?.throwIfAborted();
      const ended = await watchOnce(id, onChange, signal);
      if (ended !== null) return ended;
      // The server that stops ends its streams; another one, or the same a little later, has the present state.
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** The final state; null when the stream ended before. */
  async function watchOnce(
    id: string,
    onChange: (generation: GenerationViewFragment) => void,
    signal?: AbortSignal,
  ): Promise<GenerationViewFragment | null> {
    return await new Promise((resolve, reject) => {
      const query = GenerationChangedDocument.toString();
      const unsubscribe = socket.subscribe<GenerationChangedSubscription>(
        { query, variables: { id } },
        {
          next(message) {
            try {
              const { generationChanged } = dataOf(message);
              onChange(generationChanged);
              if (!finalStatuses.has(generationChanged.status)) return;
              resolve(generationChanged);
            } catch (error) {
              reject(error);
            }
            unsubscribe();
          },
          error: (thrown) => reject(asRequestError(thrown)),
          complete: () => resolve(null),
        },
      );
      signal?.addEventListener('abort', () => {
        unsubscribe();
        reject(signal.reason);
      });
    });
  }

  return { send, upload, generateFromCanny, generation, watch, close: () => socket.dispose() };
}

function dataOf<Result>({ data, errors }: FormattedExecutionResult<Result, unknown>): Result {
  const first = errors?.[0];
  if (first !== undefined) {
    const code = first.extensions?.['code'];
    throw new RequestError(typeof code === 'string' ? code : 'UNKNOWN', first.message);
  }
  if (data === undefined || data === null) throw new RequestError('UNKNOWN', 'The answer has neither data nor errors.');
  return data;
}

/** The socket's client throws GraphQL errors as a list, and anything else as the WebSocket's event. */
function asRequestError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (Array.isArray(thrown)) {
    return new RequestError('BAD_REQUEST', thrown.map((each: { message?: string }) => each.message).join(' '));
  }
  return closeCode(thrown) === forbidden
    ? new RequestError('UNAUTHENTICATED', 'This API key is unknown or revoked.')
    : new RequestError('UNAVAILABLE', 'The connection to Darkroom broke and could not be made again.');
}

function closeCode(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'code' in event ? event.code : null;
}
