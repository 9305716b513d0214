import type { FastifyReply, FastifyRequest } from 'fastify';
import { bflEndpoints, type BflEndpoint } from './endpoints.js';
import { createImageCheck } from './images.js';
import { bflPicture, pictureSize } from './picture.js';
import { bflStatus } from './status.js';
import { bflWebhook } from './webhook.js';
import { drawLook } from '../faults.js';
import { readWish } from '../outcome.js';
import { sha256 } from '../random.js';
import { decideSubmit, witnessSubmit } from '../submission.js';
import type { Task } from '../task.js';
import { validate, type Complaint, type Values } from '../validate.js';
import { maskKey } from '../witness.js';
import type { Dialect, World } from '../world.js';

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

function megapixels(sizes: readonly { width: number; height: number }[]): number {
  const pixels = sizes.reduce((sum, size) => sum + size.width * size.height, 0);
  return Math.round(pixels / 10_000) / 100;
}

/** Reads a body as FastAPI does: whatever its content type says, it must be JSON. */
function parseBody(body: unknown): { ok: true; bytes: Buffer; json: unknown } | { ok: false; bytes: Buffer } {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  try {
    return { ok: true, bytes, json: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return { ok: false, bytes };
  }
}

function promptIn(json: unknown): string | null {
  return typeof json === 'object' && json !== null && 'prompt' in json && typeof json.prompt === 'string'
    ? json.prompt
    : null;
}

/** What makes two bodies the same request: all but the webhook fields, which differ at every try. */
function fingerprintOf({ bytes, json }: { bytes: Buffer; json: unknown }): string {
  if (typeof json !== 'object' || json === null || !('webhook_url' in json || 'webhook_secret' in json))
    return sha256(bytes);
  const fields = Object.entries(json).filter(([name]) => !name.startsWith('webhook_'));
  return sha256(JSON.stringify(Object.fromEntries(fields)));
}

function withNulls(endpoint: BflEndpoint, values: Values): Values {
  const meant = Object.entries(endpoint.nulls ?? {}).filter(([name]) => values[name] === null);
  return { ...values, ...Object.fromEntries(meant) };
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
    const entry = world.entryOf(request);
    const key = keyOf(request);
    const body = parseBody(request.body);
    const json = body.ok ? body.json : null;
    const checked = validate(endpoint.fields, json);
    const ignored = checked.ok ? checked.ignored : [];
    const prompt = promptIn(json);
    const { fingerprint, repeats } = witnessSubmit(world, entry, {
      model,
      fingerprint: fingerprintOf({ bytes: body.bytes, json }),
      prompt,
      ignored,
    });

    if (key === null || !isAllowed(world, key)) return refuse(reply, 403);
    if (!body.ok) return complain(reply, [{ loc: ['body', 0], msg: 'JSON decode error', type: 'json_invalid' }]);
    if (!checked.ok) return complain(reply, checked.complaints);
    const { images, complaints } = await checkImages(endpoint.fields, checked.values);
    const { wish, problem } = readWish(prompt ?? '');
    if (problem !== null) {
      complaints.push({ loc: ['body', 'prompt'], msg: `Value error, ${problem}`, type: 'value_error' });
    }
    if (complaints.length > 0) return complain(reply, complaints);

    const values = withNulls(endpoint, checked.values);
    const hashes = Object.entries(images).map(([name, { hash }]) => [name, `sha256:${hash}`]);
    const decision = await decideSubmit(world, entry, {
      owner: maskKey(key),
      dialect: 'bfl',
      model,
      wish,
      fingerprint,
      repeats,
      cost: endpoint.cost,
      medianMs: endpoint.medianMs,
      request: { ...values, ...Object.fromEntries(hashes), input_mp: megapixels(Object.values(images)) },
      images,
      seed: typeof values['seed'] === 'number' ? values['seed'] : null,
      ...pictureSize(values, images['control_image'] ?? images['image']),
    });
    if (decision.kind === 'refused') return refuse(reply, decision.status);
    if (decision.answer === 'error') return refuse(reply, 500);
    if (decision.answer === 'usual') return reply.send(accepted(world, decision.task));
    reply.hijack();
    request.raw.socket.destroy();
    return reply;
  }

  function look(
    world: World,
    request: FastifyRequest<{ Querystring: { id?: string } }>,
    reply: FastifyReply,
  ): FastifyReply {
    const key = keyOf(request);
    if (key === null || !isAllowed(world, key)) return refuse(reply, 403);
    const { id } = request.query;
    if (typeof id !== 'string') {
      return complain(reply, [{ loc: ['query', 'id'], msg: 'Field required', type: 'missing' }]);
    }
    const found = world.engine.look(maskKey(key), id);
    if (found !== null && found.look <= (found.task.wish['poll-500'] ?? 0)) return refuse(reply, 500);
    if (found !== null && found.look <= (found.task.wish['poll-429'] ?? 0)) return refuse(reply, 429);
    const { faults, seed } = world.settings;
    const luck = found?.task.luck ?? null;
    const fault = luck === null ? null : drawLook(faults, seed, luck, found?.look ?? 0);
    if (fault !== null) {
      if (fault.retryAfter !== null) reply.header('retry-after', fault.retryAfter);
      return refuse(reply, fault.status);
    }
    return reply.send(bflStatus(id, found, world.settings.now(), world.url()));
  }

  return {
    name: 'bfl',
    keyOf,
    picture: bflPicture,
    webhook: bflWebhook,
    register(app, world) {
      for (const [model, endpoint] of bflEndpoints) {
        app.post(`/v1/${model}`, (request, reply) => submit(world, request, reply, model, endpoint));
      }
      app.get<{ Querystring: { id?: string } }>('/v1/get_result', (request, reply) => look(world, request, reply));
      app.get('/v1/credits', (request, reply) => {
        const key = keyOf(request);
        if (key === null || !isAllowed(world, key)) return refuse(reply, 403);
        return reply.send({ credits: world.engine.credits(maskKey(key)) });
      });
      app.get('/v1/my_finetunes', (request, reply) => {
        const key = keyOf(request);
        if (key === null || !isAllowed(world, key)) return refuse(reply, 403);
        return reply.send({ finetunes: world.settings.finetunes });
      });
    },
  };
}

function isAllowed({ settings }: World, key: string): boolean {
  return settings.keys === null || settings.keys.includes(key);
}
