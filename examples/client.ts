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
const final: ReadonlySet<string> = new Set(['SUCCEEDED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED']);

export function createDarkroom({ url, apiKey }: { url: string; apiKey: string }) {
  const authorization = `Bearer ${apiKey}`;
  // One socket for all subscriptions, opened by the first and closed after the last.
  const socket = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    // A browser cannot set headers on a WebSocket, so the key travels in its first message.
    connectionParams: { authorization },
    // Each new connection begins with the present state, so a broken one costs nothing.
    retryAttempts: 30,
    shouldRetry: () => true,
  });

  async function post(path: string, contentType: string, body: BodyInit, signal?: AbortSignal): Promise<unknown> {
    const headers = { authorization, 'content-type': contentType };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body, signal: signal ?? null });
    // REST errors are problem+json; GraphQL errors are looked at by `dataOf`, whatever the status.
    const answer = (await response.json()) as { code?: string; detail?: string } | null;
    if (answer?.detail === undefined) return answer;
    throw new RequestError(answer.code ?? String(response.status), answer.detail);
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
    const changes = socket.iterate({ query: GenerationChangedDocument.toString(), variables: { id } });
    const stop = (): void => void changes.return?.();
    signal?.addEventListener('abort', stop);
    try {
      for await (const message of changes) {
        const { generationChanged } = dataOf(message as FormattedExecutionResult<GenerationChangedSubscription>);
        onChange(generationChanged);
        if (final.has(generationChanged.status)) return generationChanged;
      }
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    signal?.throwIfAborted();
    throw new RequestError('UNAVAILABLE', 'Darkroom ended the subscription before the generation was done.');
  }

  return { send, upload, generateFromCanny, generation, watch, close: () => socket.dispose() };
}

function dataOf<Result>({ data, errors }: FormattedExecutionResult<Result>): Result {
  const [first] = errors ?? [];
  if (first !== undefined) throw new RequestError(String(first.extensions?.['code'] ?? 'UNKNOWN'), first.message);
  if (data === undefined || data === null) throw new RequestError('UNKNOWN', 'The answer has neither data nor errors.');
  return data;
}
