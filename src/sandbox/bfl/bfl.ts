import type { FastifyReply, FastifyRequest } from 'fastify';
import { promptIn } from '../body.js';
import { createImageCheck } from '../images.js';
import { ownerOf } from '../keys.js';
import { answerLook } from '../looking.js';
import { takeSubmit } from '../submitting.js';
import type { Task } from '../task.js';
import type { Complaint } from '../validate.js';
import type { Dialect, World } from '../world.js';
import { bflEndpoints, type BflEndpoint } from './endpoints.js';
import { bflPicture } from './picture.js';
import { bflStatus } from './status.js';
import { checkBfl, megapixels, planBfl } from './submit.js';
import { bflWebhook } from './webhook.js';

/** Bodies of refusals (documented statuses; the wording of 403 as observed, the others as FastAPI would have them). */
const refusals: Readonly<Record<number, string>> = {
  400: 'Bad request',
  402: 'Insufficient credits',
  403: 'Not authenticated',
  404: 'Not Found',
  429: 'Too many active tasks',
  500: 'Internal Server Error',
  503: 'Service temporarily unavailable',
};

/** Where `foreign-polling-url` points; the name can never resolve (RFC 6761). */
const foreignHost = 'https://api.elsewhere.invalid';

function refuse(reply: FastifyReply, status: number): FastifyReply {
  if (status === 422)
    return complain(reply, [{ loc: ['body', 'prompt'], msg: 'Value error, as asked for', type: 'value_error' }]);
  return reply.code(status).send({ detail: refusals[status] ?? 'Error' });
}

function complain(reply: FastifyReply, detail: Complaint[]): FastifyReply {
  return reply.code(422).send({ detail });
}

function keyOf(request: FastifyRequest): string | null {
  const key = request.headers['x-key'];
  return typeof key === 'string' && key !== '' ? key : null;
}

function accepted(world: World, task: Task): Record<string, unknown> {
  const costs = { cost: task.cost, input_mp: task.request['input_mp'] ?? 0, output_mp: megapixels([task]) };
  const webhook = task.request['webhook_url'];
  if (typeof webhook === 'string') return { id: task.id, status: 'Pending', webhook_url: webhook, ...costs };
  const host = task.wish['foreign-polling-url'] === undefined ? world.url() : foreignHost;
  return { id: task.id, polling_url: `${host}/v1/get_result?id=${task.id}`, ...costs };
}

/** The dialect of Black Forest Labs' own API (OpenAPI of April 2026, with the FLUX.1 finetuned endpoints of before). */
export function createBfl(): Dialect {
  const checkImages = createImageCheck();

  async function submit(
    world: World,
    request: FastifyRequest,
    reply: FastifyReply,
    model: string,
    endpoint: BflEndpoint,
  ): Promise<FastifyReply> {
    return await takeSubmit(world, request, reply, checkImages, {
      dialect: 'bfl',
      model,
      key: keyOf(request),
      denied: 403,
      at: ['body'],
      prompt: promptIn,
      check: (json) => checkBfl(endpoint, json),
      plan: (values, images) => planBfl(endpoint, values, images),
      refuse: ({ status }) => refuse(reply, status),
      complain: (complaints) => complain(reply, complaints),
      answer: (task) => ({ status: 200, body: accepted(world, task) }),
    });
  }

  async function look(
    world: World,
    request: FastifyRequest<{ Querystring: { id?: string } }>,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const owner = ownerOf(world, keyOf(request));
    if (owner === null) return refuse(reply, 403);
    const { id } = request.query;
    if (typeof id !== 'string') {
      return complain(reply, [{ loc: ['query', 'id'], msg: 'Field required', type: 'missing' }]);
    }
    const found = world.engine.look(owner, id);
    return await answerLook(world, request, reply, found, {
      refuse: (status) => refuse(reply, status),
      answer: () => ({ status: 200, body: bflStatus(id, found, world.settings.now(), world.url()) }),
    });
  }

  return {
    name: 'bfl',
    base: '',
    keyOf,
    async picture(task, blobs) {
      const endpoint = bflEndpoints.get(task.model);
      return endpoint === undefined ? null : await bflPicture(task, blobs, endpoint);
    },
    webhook: bflWebhook,
    register(app, world) {
      for (const [model, endpoint] of bflEndpoints) {
        app.post(`/v1/${model}`, (request, reply) => submit(world, request, reply, model, endpoint));
      }
      app.get<{ Querystring: { id?: string } }>('/v1/get_result', (request, reply) => look(world, request, reply));
      app.get('/v1/credits', (request, reply) => {
        const owner = ownerOf(world, keyOf(request));
        return owner === null ? refuse(reply, 403) : reply.send({ credits: world.engine.credits(owner) });
      });
      app.get('/v1/my_finetunes', (request, reply) =>
        ownerOf(world, keyOf(request)) === null
          ? refuse(reply, 403)
          : reply.send({ finetunes: world.settings.finetunes }),
      );
      app.get<{ Querystring: { finetune_id?: string } }>('/v1/finetune_details', (request, reply) => {
        if (ownerOf(world, keyOf(request)) === null) return refuse(reply, 403);
        const id = request.query.finetune_id;
        if (id === undefined || !world.settings.finetunes.includes(id)) {
          return reply.code(404).send({ detail: 'Finetune not found' });
        }
        return reply.send({ finetune_details: { finetune_id: id, finetune_comment: id, status: 'Ready' } });
      });
    },
  };
}
