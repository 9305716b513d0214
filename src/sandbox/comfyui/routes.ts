import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isRecord } from '../body.js';
import { answerLook, known } from '../looking.js';
import { cut } from '../replies.js';
import type { Pictures } from '../pictures.js';
import { owner, type Comfy } from './context.js';
import { queueItem } from './item.js';
import { findJob, listJobs } from './jobs.js';
import { objectInfo } from './object-info.js';
import { aiohttpError, empty, proxyError, readJson } from './replies.js';
import { systemStats } from './system.js';
import { takeUpload } from './upload.js';
import { viewFile } from './view.js';
import type { ComfyProcess } from './process.js';
import type { createPromptDoor } from './prompt.js';

type Query = { Querystring: Record<string, string | undefined> };
type ById = { Params: { id: string } };

/** Answers a look at one prompt, by history or job, or lets it go wrong. `read` gives the answer; null: not known yet. */
function answer(
  { world, tasks }: Comfy,
  request: FastifyRequest<ById>,
  reply: FastifyReply,
  read: (id: string | null) => { status: number; body: unknown },
): Promise<FastifyReply> {
  const { id } = request.params;
  const found = world.engine.look(owner, tasks.get(id)?.id ?? id);
  return answerLook(world, request, reply, found, {
    refuse: (status) => (status === 500 ? aiohttpError(reply, 500) : proxyError(reply, 429)),
    answer: () => read(found !== null && known(found) === null ? null : id),
  });
}

/** Stops a prompt, or does as if, as its own text wants it. `lost`: the answer must not arrive. */
function stop(process: ComfyProcess, id: string): { stopped: boolean; lost: boolean } {
  const running = process.running();
  const item = running?.promptId === id ? running : process.pending().find(({ promptId }) => promptId === id);
  if (item === undefined) return { stopped: false, lost: false };
  const { wish } = item.task;
  if (wish['cancel-refused'] !== undefined) return { stopped: false, lost: false };
  if (wish['cancel-ignored'] !== undefined) return { stopped: true, lost: false };
  const stopped = item === running ? process.interrupt() : process.drop((each) => each === item);
  return { stopped, lost: wish['cancel-lost'] !== undefined };
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
    const pending = (id: string): boolean => process.pending().some(({ promptId }) => promptId === id);
    const stops = strings(body['delete']).map((id) => pending(id) && stop(process, id).lost);
    return stops.includes(true) ? cut(request, reply) : empty(reply);
  });

  scope.post('/interrupt', (request, reply) => {
    const body = readJson(request.body);
    // Older ones do not read the body: whoever's prompt runs, it is stopped.
    const wanted = isRecord(body) && !old ? body['prompt_id'] : null;
    const running = process.running()?.promptId;
    if (running === undefined || (wanted && wanted !== running)) return empty(reply);
    return stop(process, running).lost ? cut(request, reply) : empty(reply);
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

  scope.get<ById>('/history/:id', (request, reply) =>
    answer(comfy, request, reply, (id) => {
      const entry = id === null ? undefined : process.history().get(id);
      return { status: 200, body: id === null || entry === undefined ? {} : { [id]: entry } };
    }),
  );

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

  scope.get<ById>('/api/jobs/:id', (request, reply) =>
    answer(comfy, request, reply, (id) => {
      const job = id === null ? null : findJob(process, id);
      return job === null ? { status: 404, body: { error: 'Job not found' } } : { status: 200, body: job };
    }),
  );

  scope.post<ById>('/api/jobs/:id/cancel', (request, reply) => {
    const { id } = request.params;
    if (process.history().has(id)) return reply.send({ cancelled: false });
    const { stopped, lost } = stop(process, id);
    return lost ? cut(request, reply) : reply.send({ cancelled: stopped });
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
