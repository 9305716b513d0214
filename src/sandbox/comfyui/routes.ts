import type { FastifyInstance, FastifyReply } from 'fastify';
import { drawLook } from '../faults.js';
import type { Pictures } from '../pictures.js';
import { owner, type Comfy } from './context.js';
import { queueItem } from './item.js';
import { findJob, listJobs } from './jobs.js';
import { objectInfo } from './object-info.js';
import { aiohttpError, empty, isRecord, proxyError, readJson } from './replies.js';
import { systemStats } from './system.js';
import { takeUpload } from './upload.js';
import { viewFile } from './view.js';
import type { createPromptDoor } from './prompt.js';

type Query = { Querystring: Record<string, string | undefined> };
type ById = { Params: { id: string } };

/** What a look at one prompt meets: an answer of its own, nothing of the prompt yet, or the truth. */
type Look = { kind: 'refused'; reply: FastifyReply } | { kind: 'hidden' } | { kind: 'shown' };

function look({ world, tasks }: Comfy, promptId: string, reply: FastifyReply): Look {
  const task = tasks.get(promptId);
  const found = world.engine.look(owner, task?.id ?? promptId);
  if (found === null) return { kind: 'shown' };
  const { wish, luck } = found.task;
  if (found.look <= (wish['poll-500'] ?? 0)) return { kind: 'refused', reply: aiohttpError(reply, 500) };
  if (found.look <= (wish['poll-429'] ?? 0)) return { kind: 'refused', reply: proxyError(reply, 429) };
  const { faults, seed } = world.settings;
  const fault = luck === null ? null : drawLook(faults, seed, luck, found.look);
  if (fault !== null) {
    if (fault.retryAfter !== null) reply.header('retry-after', fault.retryAfter);
    return { kind: 'refused', reply: fault.status === 500 ? aiohttpError(reply, 500) : proxyError(reply, 429) };
  }
  return { kind: found.look <= (wish['late-task'] ?? 0) ? 'hidden' : 'shown' };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function registerQueue(scope: FastifyInstance, { old, process }: Comfy): void {
  scope.get('/queue', (_request, reply) => {
    const running = process.running();
    return reply.send({
      queue_running: running === null ? [] : [queueItem(running)],
      queue_pending: process.pending().map(queueItem),
    });
  });

  scope.post('/queue', (request, reply) => {
    const body = readJson(request.body);
    if (!isRecord(body)) return aiohttpError(reply, 500);
    if (body['clear']) process.drop(() => true);
    for (const id of strings(body['delete'])) process.dropOne(id);
    return empty(reply);
  });

  scope.post('/interrupt', (request, reply) => {
    const body = readJson(request.body);
    // Older ones do not read the body: whoever's prompt runs, it is stopped.
    const wanted = isRecord(body) && !old ? body['prompt_id'] : null;
    if (!wanted || process.running()?.promptId === wanted) process.interrupt();
    return empty(reply);
  });
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}

function registerHistory(scope: FastifyInstance, comfy: Comfy): void {
  const { process } = comfy;
  scope.get<Query>('/history', (request, reply) => {
    const [most, from] = [wholeNumber(request.query['max_items']), wholeNumber(request.query['offset'])];
    const all = [...process.history()];
    // Without an offset the newest are meant.
    const first = from !== null && from >= 0 ? from : most === null ? 0 : Math.max(0, all.length - most);
    return reply.send(Object.fromEntries(all.slice(first, most === null ? undefined : first + most)));
  });

  scope.get<ById>('/history/:id', (request, reply) => {
    const { id } = request.params;
    const seen = look(comfy, id, reply);
    if (seen.kind === 'refused') return seen.reply;
    const entry = seen.kind === 'hidden' ? undefined : process.history().get(id);
    return reply.send(entry === undefined ? {} : { [id]: entry });
  });

  scope.post('/history', (request, reply) => {
    const body = readJson(request.body);
    if (!isRecord(body)) return aiohttpError(reply, 500);
    if (body['clear']) process.forget('all');
    process.forget(strings(body['delete']));
    return empty(reply);
  });
}

function registerJobs(scope: FastifyInstance, comfy: Comfy): void {
  const { process } = comfy;
  scope.get<Query>('/api/jobs', (request, reply) => {
    const { status, body } = listJobs(process, request.query);
    return reply.code(status).send(body);
  });

  scope.get<ById>('/api/jobs/:id', (request, reply) => {
    const seen = look(comfy, request.params.id, reply);
    if (seen.kind === 'refused') return seen.reply;
    const job = seen.kind === 'hidden' ? null : findJob(process, request.params.id);
    return job === null ? reply.code(404).send({ error: 'Job not found' }) : reply.send(job);
  });

  scope.post<ById>('/api/jobs/:id/cancel', (request, reply) => {
    const { id } = request.params;
    if (process.history().has(id)) return reply.send({ cancelled: false });
    const cancelled = process.running()?.promptId === id ? process.interrupt() : process.dropOne(id);
    return reply.send({ cancelled });
  });
}

function registerCatalogue(
  scope: FastifyInstance,
  { installed, shelf, old, process, world }: Comfy,
  features: object,
): void {
  scope.get('/object_info', (_request, reply) => reply.send(objectInfo(shelf.lists)));
  scope.get<{ Params: { name: string } }>('/object_info/:name', (request, reply) =>
    reply.send(objectInfo(shelf.lists, request.params.name)),
  );
  scope.get('/models', (_request, reply) => reply.send(Object.keys(installed)));
  scope.get<{ Params: { folder: string } }>('/models/:folder', (request, reply) => {
    const files = new Map(Object.entries(installed)).get(request.params.folder);
    return files === undefined ? empty(reply, 404) : reply.send(files);
  });
  scope.get('/embeddings', (_request, reply) => reply.send([]));
  scope.get('/system_stats', (_request, reply) => reply.send(systemStats(old, world.settings.port)));
  if (!old) scope.get('/features', (_request, reply) => reply.send(features));
  scope.post('/free', (request, reply) => {
    const body = readJson(request.body);
    if (!isRecord(body)) return aiohttpError(reply, 500);
    if (body['free_memory']) process.freeCache();
    return empty(reply);
  });
}

/** Every route of ComfyUI, in a scope that has its prefix. */
export function registerRoutes(
  scope: FastifyInstance,
  comfy: Comfy,
  parts: { pictures: Pictures; door: ReturnType<typeof createPromptDoor>; features: object },
): void {
  const { process, old } = comfy;
  scope.setNotFoundHandler((_request, reply) => aiohttpError(reply, 404));
  scope.setErrorHandler((thrown: { statusCode?: number; message?: string }, _request, reply) => {
    if (thrown.statusCode !== 413) return aiohttpError(reply, 500);
    return reply
      .code(413)
      .type('text/plain; charset=utf-8')
      .send(`Maximum request body size exceeded: ${thrown.message ?? ''}`);
  });
  scope.post('/upload/image', (request, reply) => takeUpload(comfy, request, reply));
  scope.get<Query>('/view', (request, reply) => viewFile(comfy, parts.pictures, request, reply));
  scope.post('/prompt', (request, reply) => parts.door.post(request, reply));
  scope.get('/prompt', (_request, reply) => reply.send({ exec_info: { queue_remaining: process.remaining() } }));
  registerQueue(scope, comfy);
  registerHistory(scope, comfy);
  if (!old) registerJobs(scope, comfy);
  registerCatalogue(scope, comfy, parts.features);
}
