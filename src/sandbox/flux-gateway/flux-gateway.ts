import type { FastifyReply, FastifyRequest } from 'fastify';
import { bflPicture } from '../bfl/picture.js';
import { checkBfl, planBfl } from '../bfl/submit.js';
import { promptIn } from '../body.js';
import { createImageCheck } from '../images.js';
import { authorization, ownerOf } from '../keys.js';
import { answerLook } from '../looking.js';
import { sendPage } from '../replies.js';
import { takeSubmit } from '../submitting.js';
import type { Dialect, World } from '../world.js';
import { gatewayModels } from './models.js';
import { complain, refuse } from './refusals.js';
import { gatewayAccepted, gatewayStatus } from './status.js';
import { gatewayWebhook } from './webhook.js';

const base = '/flux/v1';

const keyOf = (request: FastifyRequest): string | null => authorization(request, 'Bearer');

/** The dialect of CometAPI and the gateways like it, under `/flux/v1`: BFL's fields, a Bearer key, an envelope of their own. */
export function createFluxGateway(): Dialect {
  const checkImages = createImageCheck();

  async function submit(
    world: World,
    request: FastifyRequest<{ Params: { model: string } }>,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { model } = request.params;
    const endpoint = gatewayModels.get(model);
    if (endpoint === undefined) {
      const status = ownerOf(world, keyOf(request)) === null ? 401 : 404;
      return refuse(reply, { status, inside200: false });
    }
    return await takeSubmit(world, request, reply, checkImages, {
      dialect: 'flux-gateway',
      model,
      key: keyOf(request),
      denied: 401,
      at: ['body'],
      prompt: promptIn,
      check: (json) => checkBfl(endpoint, json),
      plan: (values, images) => planBfl(endpoint, values, images),
      refuse: (refusal) => refuse(reply, refusal),
      complain: (complaints) => complain(reply, complaints),
      answer: (task) => ({ status: 200, body: gatewayAccepted(task, world.url()) }),
    });
  }

  async function look(
    world: World,
    request: FastifyRequest<{ Querystring: { id?: string } }>,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const owner = ownerOf(world, keyOf(request));
    if (owner === null) return refuse(reply, { status: 401, inside200: false });
    const { id = '' } = request.query;
    const found = world.engine.look(owner, id);
    return await answerLook(world, request, reply, found, {
      refuse: (status) => refuse(reply, { status, inside200: false }),
      answer: () => ({ status: 200, body: gatewayStatus(id, found, world.settings.now(), world.url()) }),
    });
  }

  return {
    name: 'flux-gateway',
    base: '',
    keyOf,
    async picture(task, blobs) {
      const endpoint = gatewayModels.get(task.model);
      return endpoint === undefined ? null : await bflPicture(task, blobs, endpoint);
    },
    webhook: gatewayWebhook,
    register(app, world) {
      app.post<{ Params: { model: string } }>(`${base}/:model`, (request, reply) => submit(world, request, reply));
      app.get<{ Querystring: { id?: string } }>(`${base}/get_result`, (request, reply) => look(world, request, reply));
      // A wrong path ends at the gateway's own site.
      app.get('/flux/*', (_request, reply) => sendPage(reply));
      app.post('/flux/*', (_request, reply) => sendPage(reply.header('location', `${world.url()}/`), 301));
    },
  };
}
