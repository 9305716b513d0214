import { sampleUrl } from '../delivery.js';
import { formatOf } from '../sketching.js';
import { stoppedAs, type Task } from '../task.js';

/** What the result call says of a task that is over. */
export type Result = { status: number; body: Record<string, unknown>; headers: Record<string, string> };

/** A platform error, as the gateway and not the model words it. */
export function platformError(status: number, type: string, detail: string, retryable: boolean): Result {
  return {
    status,
    body: { detail, error_type: type },
    headers: { 'x-fal-error-type': type, 'x-fal-retryable': String(retryable) },
  };
}

function modelError(detail: unknown): Result {
  return { status: 422, body: { detail }, headers: { 'x-fal-retryable': 'false' } };
}

const canceled = platformError(499, 'client_cancelled', 'Request was cancelled by the client.', false);

function failure(task: Task): Result | null {
  const { wish, request } = task;
  if (stoppedAs(task) !== null || wish.canceled !== undefined) return canceled;
  if (typeof request['complaints'] === 'string') {
    const complaints: unknown = JSON.parse(request['complaints']);
    return modelError(complaints);
  }
  if (wish['request-moderated'] !== undefined)
    return modelError([
      {
        loc: ['body', 'prompt'],
        msg: 'The content could not be processed because it contained material flagged by a content checker.',
        type: 'content_policy_violation',
        url: 'https://docs.fal.ai/errors/#content_policy_violation',
      },
    ]);
  if (wish.failed !== undefined) return modelError('The model could not generate the image.');
  if (wish.error !== undefined) return platformError(500, 'runner_server_error', 'Internal Server Error', true);
  if (wish.timeout !== undefined)
    return platformError(504, 'startup_timeout', 'Request timed out while waiting for a runner to start.', true);
  return null;
}

/** How many pictures a task makes. */
export function pictureCount(task: Task): number {
  return Number(task.request['num_images'] ?? 1);
}

/** The end of a task; `data` holds its pictures as data URIs where it was asked for them. */
export function resultOf(task: Task, url: string, data: readonly string[] | null): Result {
  const failed = failure(task);
  if (failed !== null) return failed;
  const { request, seed, width, height, finishedAt, startedAt, wish } = task;
  const flagged = wish.moderated !== undefined;
  const count = wish['no-image'] === undefined ? pictureCount(task) : 0;
  const images = Array.from({ length: count }, (_, n) => ({
    url: data?.[n] ?? sampleUrl(task, url, n),
    width,
    height,
    content_type: `image/${formatOf(task)}`,
  }));
  const timings = { inference: ((finishedAt ?? startedAt) - startedAt) / 1000 };
  const has_nsfw_concepts = images.map(() => flagged);
  return {
    status: 200,
    headers: {},
    body: { images, timings, seed, has_nsfw_concepts, prompt: request['prompt'] ?? '' },
  };
}
