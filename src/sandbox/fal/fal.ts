import type { FastifyReply, FastifyRequest } from 'fastify';
import { promptIn } from '../body.js';
import { createImageCheck } from '../images.js';
import { authorization, ownerOf } from '../keys.js';
import { answerLook, known, type Found } from '../looking.js';
import { cut } from '../replies.js';
import { cancelTask } from '../stopping.js';
import { takeSubmit } from '../submitting.js';
import { formatOf } from '../sketching.js';
import { phaseOf, stoppedAs, type Task } from '../task.js';
import { isOver, waitUntil } from '../waiting.js';
import type { Dialect, World } from '../world.js';
import { falEndpoints, retiredEndpoints } from './endpoints.js';
import { checkFal, planFal, planRefused } from './input.js';
import { falPicture } from './picture.js';
import { pictureCount, platformError, resultOf, type Result } from './result.js';
import { createSigner } from './signing.js';
import { falStatus, falUrls } from './status.js';
import { falWebhook } from './webhook.js';

type Asked = FastifyRequest<{ Params: { owner: string; alias: string; id: string }; Querystring: { logs?: string } }>;

const plain = (status: number, detail: string): Result => ({ status, body: { detail }, headers: {} });

/** Refusals of the queue itself; those from 500 are worded as platform errors. */
const refusals: Readonly<Record<number, Result>> = {
  400: platformError(400, 'bad_request', 'Bad request', false),
  401: plain(401, 'Authentication is required to access this application.'),
  402: plain(402, 'Payment required.'),
  403: plain(403, 'User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.'),
  404: plain(404, 'Not found'),
  422: {
    ...plain(422, ''),
    body: { detail: [{ loc: ['body', 'prompt'], msg: 'As asked for', type: 'value_error' }] },
  },
  429: { ...plain(429, 'Too many concurrent requests.'), headers: { 'x-fal-retryable': 'true' } },
  500: platformError(500, 'internal_error', 'Internal Server Error', true),
  503: platformError(503, 'runner_scheduling_failure', 'No runner could be scheduled.', true),
  504: platformError(504, 'request_timeout', 'Request timed out.', true),
};

function send(reply: FastifyReply, { status, body, headers }: Result): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

function refuse(reply: FastifyReply, status: number): FastifyReply {
  return send(reply, refusals[status] ?? plain(status, 'Error'));
}

const keyOf = (request: FastifyRequest): string | null => authorization(request, 'Key');

/** The dialect of fal's queue (documentation of 2026 and its client 1.10.1), under `/fal`. */
export function createFal({ seed }: { seed: string }): Dialect {
  const checkImages = createImageCheck();
  const signer = createSigner(seed);

  async function submit(
    world: World,
    request: FastifyRequest<{ Params: { '*': string }; Querystring: { fal_webhook?: string } }>,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const model = request.params['*'];
    const endpoint = falEndpoints.get(model);
    if (endpoint === undefined) {
      if (ownerOf(world, keyOf(request)) === null) return refuse(reply, 401);
      const why = retiredEndpoints.has(model) ? 'is deprecated and no longer supported' : 'not found';
      return send(reply, plain(404, `Application '${model}' ${why}`));
    }
    const webhook = request.query.fal_webhook ?? null;
    return await takeSubmit(world, request, reply, checkImages, {
      dialect: 'fal',
      model,
      key: keyOf(request),
      denied: 401,
      at: ['body'],
      prompt: promptIn,
      check: (json) => checkFal(endpoint, json),
      plan: (values, images) => planFal(endpoint, values, images, webhook),
      planAnyway: (json, complaints) => planRefused(complaints, promptIn(json), webhook),
      refuse: ({ status }) => refuse(reply, status),
      complain: (detail) => reply.code(422).send({ detail }),
      answer(task) {
        reply.header('x-fal-request-id', task.id);
        const body = { status: 'IN_QUEUE', request_id: task.id, ...falUrls(task, world.url()), queue_position: 0 };
        return { status: 200, body };
      },
    });
  }

  /** Finds a request; a reply when there is no key, or none that fits. */
  function find(world: World, request: Asked): { found: Found | null; task: Task | null } | null {
    const owner = ownerOf(world, keyOf(request));
    if (owner === null) return null;
    const { id, owner: user, alias } = request.params;
    const found = world.engine.look(owner, id);
    const task = known(found);
    // A request taken out of the queue is gone; under another application's path it never was.
    const here = task?.dialect === 'fal' && `${task.model}/`.startsWith(`${user}/${alias}/`);
    return { found, task: here && stoppedAs(task) !== 'queued' ? task : null };
  }

  async function look(
    world: World,
    request: Asked,
    reply: FastifyReply,
    answer: (task: Task) => Promise<Result> | Result,
  ): Promise<FastifyReply> {
    const at = find(world, request);
    if (at === null) return refuse(reply, 401);
    reply.header('x-fal-request-id', request.params.id);
    return await answerLook(world, request, reply, at.found, {
      refuse: (status) => refuse(reply, status),
      async answer() {
        const { headers, ...rest } = at.task === null ? plain(404, 'Request not found') : await answer(at.task);
        reply.headers(headers);
        return rest;
      },
    });
  }

  /** The pictures of a task that was asked to give them in its result, as data URIs. */
  async function inline(world: World, task: Task): Promise<string[] | null> {
    if (task.request['sync_mode'] !== true) return null;
    const pictures = await Promise.all(Array.from({ length: pictureCount(task) }, (_, n) => world.picture(task, n)));
    return pictures.map((bytes) => `data:image/${formatOf(task)};base64,${bytes?.toString('base64') ?? ''}`);
  }

  async function stream(world: World, request: Asked, reply: FastifyReply): Promise<FastifyReply> {
    const at = find(world, request);
    if (at === null) return refuse(reply, 401);
    const { task } = at;
    if (task === null) return send(reply, plain(404, 'Request not found'));
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'x-fal-request-id': task.id });
    const { now } = world.settings;
    const logs = request.query.logs === '1';
    while (!world.stopping.aborted && !reply.raw.destroyed) {
      const phase = phaseOf(task, now());
      reply.raw.write(`data: ${JSON.stringify(falStatus(task, now(), world.url(), logs))}\n\n`);
      if (isOver(world, task)) break;
      await waitUntil(world, reply, Infinity, () => phaseOf(task, now()) !== phase);
    }
    reply.raw.end();
    return reply;
  }

  function cancel(world: World, request: Asked, reply: FastifyReply): FastifyReply {
    const at = find(world, request);
    if (at === null) return refuse(reply, 401);
    if (at.task === null) return reply.code(404).send({ status: 'NOT_FOUND' });
    const outcome = cancelTask(world, at.task);
    if (outcome === 'lost') return cut(request, reply);
    if (outcome === 'late') return reply.code(400).send({ status: 'ALREADY_COMPLETED' });
    return reply.code(202).send({ status: 'CANCELLATION_REQUESTED' });
  }

  return {
    name: 'fal',
    base: '/fal',
    keyOf,
    async picture(task, blobs, n) {
      const endpoint = falEndpoints.get(task.model);
      return endpoint === undefined || n >= pictureCount(task) ? null : await falPicture(task, blobs, n, endpoint);
    },
    webhook: (task) => falWebhook(task, signer),
    register(app, world) {
      const requests = '/fal/:owner/:alias/requests/:id';
      app.get('/fal/.well-known/jwks.json', (_request, reply) => reply.send(signer.jwks));
      app.post<{ Params: { '*': string }; Querystring: { fal_webhook?: string } }>('/fal/*', (request, reply) =>
        submit(world, request, reply),
      );
      app.get(`${requests}/status`, (request: Asked, reply) =>
        look(world, request, reply, (task) => {
          const body = falStatus(task, world.settings.now(), world.url(), request.query.logs === '1');
          return { status: 200, body, headers: {} };
        }),
      );
      app.get(`${requests}/status/stream`, (request: Asked, reply) => stream(world, request, reply));
      app.get(requests, (request: Asked, reply) =>
        look(world, request, reply, async (task) =>
          isOver(world, task)
            ? resultOf(task, world.url(), await inline(world, task))
            : plain(400, 'Request is still in progress'),
        ),
      );
      app.put(`${requests}/cancel`, (request: Asked, reply) => cancel(world, request, reply));
    },
  };
}
