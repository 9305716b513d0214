import type { FastifyReply, FastifyRequest } from 'fastify';
import { bflPicture } from '../bfl/picture.js';
import { planBfl } from '../bfl/submit.js';
import { isRecord, parseBody } from '../body.js';
import { gatewayModels } from '../flux-gateway/models.js';
import { createImageCheck } from '../images.js';
import { authorization, ownerOf } from '../keys.js';
import type { Refusal } from '../outcome.js';
import { takeSubmit } from '../submitting.js';
import { phaseOf, type Task } from '../task.js';
import type { Complaint } from '../validate.js';
import { isOver, waitUntil } from '../waiting.js';
import type { Dialect, World } from '../world.js';
import { checkResponses, readAsked } from './input.js';
import { formOf, responseOf } from './response.js';

type Fault = readonly [type: string, code: string | null, message: string];

const faults: Readonly<Record<number, Fault>> = {
  400: ['invalid_request_error', null, 'Bad request'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided'],
  402: ['insufficient_quota', 'insufficient_quota', 'You exceeded your current quota'],
  403: ['permission_error', null, 'You are not allowed to use this model'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist or you do not have access to it'],
  422: ['invalid_request_error', null, 'As asked for'],
  429: ['rate_limit_error', 'rate_limit_exceeded', 'Too many requests'],
  500: ['server_error', null, 'The server had an error while processing your request'],
  503: ['server_error', null, 'The engine is currently overloaded'],
  504: ['server_error', 'timeout', 'The upstream did not answer in time'],
};

function errorBody([type, code, message]: Fault, param: string | null = null): Record<string, unknown> {
  return { error: { message, type, param, code } };
}

const broken: Fault = ['server_error', null, 'Error'];

function refuse(reply: FastifyReply, { status, inside200 }: Refusal): FastifyReply {
  return reply.code(inside200 ? 200 : status).send(errorBody(faults[status] ?? broken));
}

function complain(reply: FastifyReply, complaints: readonly Complaint[]): FastifyReply {
  const text = complaints.map(({ msg }) => msg).join('; ');
  const param = complaints[0]?.loc.join('.') ?? null;
  return reply.code(400).send(errorBody(['invalid_request_error', 'invalid_value', text], param));
}

const keyOf = (request: FastifyRequest): string | null => authorization(request, 'Bearer');

/**
 * The OpenAI-compatible route of a gateway, `/v1/responses`, for the FLUX models: it answers when the image is there. What a
 * real one returns for them is not documented, so it is given in three forms.
 */
export function createOpenaiResponses(): Dialect {
  const checkImages = createImageCheck();

  async function answer(world: World, reply: FastifyReply, task: Task): Promise<{ status: number; body: unknown }> {
    await waitUntil(world, reply, Infinity, () => isOver(world, task));
    const { wish } = task;
    const fault = (status: number, words: Fault = faults[status] ?? broken) => ({ status, body: errorBody(words) });
    if (wish['request-moderated'] !== undefined)
      return fault(400, [
        'image_generation_user_error',
        'moderation_blocked',
        'Your request was rejected by moderation.',
      ]);
    if (wish.failed !== undefined || phaseOf(task, world.settings.now()) === 'forgotten') return fault(500);
    if (wish.timeout !== undefined) return fault(504);
    const picture = formOf(task) === 'in-base64' ? await world.picture(task, 0) : null;
    return { status: 200, body: responseOf(task, world.url(), picture) };
  }

  async function submit(world: World, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = parseBody(request.body);
    const model = body.ok && isRecord(body.json) ? body.json['model'] : undefined;
    const endpoint = typeof model === 'string' ? gatewayModels.get(model) : undefined;
    if (typeof model !== 'string' || endpoint === undefined) {
      if (ownerOf(world, keyOf(request)) === null) return refuse(reply, { status: 401, inside200: false });
      if (typeof model === 'string') return refuse(reply, { status: 404, inside200: false });
      const msg = body.ok ? "Missing required parameter: 'model'" : 'We could not parse the JSON body of your request';
      return complain(reply, [{ loc: ['model'], msg, type: 'missing' }]);
    }
    return await takeSubmit(world, request, reply, checkImages, {
      dialect: 'openai-responses',
      model,
      key: keyOf(request),
      denied: 401,
      at: ['input'],
      prompt(json) {
        const asked = readAsked(json);
        return Array.isArray(asked) ? null : asked.prompt;
      },
      check: (json) => checkResponses(endpoint, json),
      plan: (values, images) => planBfl(endpoint, values, images),
      refuse: (refusal) => refuse(reply, refusal),
      complain: (complaints) => complain(reply, complaints),
      answer: (task) => answer(world, reply, task),
    });
  }

  return {
    name: 'openai-responses',
    base: '/v1',
    keyOf,
    async picture(task, blobs) {
      const endpoint = gatewayModels.get(task.model);
      return endpoint === undefined ? null : await bflPicture(task, blobs, endpoint);
    },
    webhook: () => null,
    register(app, world) {
      app.post('/v1/responses', (request, reply) => submit(world, request, reply));
      app.get('/v1/models', (request, reply) => {
        if (ownerOf(world, keyOf(request)) === null) return refuse(reply, { status: 401, inside200: false });
        const data = [...gatewayModels.keys()].map((id) => ({ id, object: 'model', created: 0, owned_by: 'sandbox' }));
        return reply.send({ object: 'list', data });
      });
    },
  };
}
