import type { FastifyReply, FastifyRequest } from 'fastify';
import { isRecord, parseBody, promptIn } from '../body.js';
import { createImageCheck } from '../images.js';
import { authorization, ownerOf } from '../keys.js';
import { answerLook, known } from '../looking.js';
import { cut } from '../replies.js';
import { cancelTask, stopAt } from '../stopping.js';
import { takeSubmit } from '../submitting.js';
import { share, sketchOf } from '../sketching.js';
import { phaseOf, type Task } from '../task.js';
import { isOver, waitUntil } from '../waiting.js';
import type { Dialect, World } from '../world.js';
import { createFiles } from './files.js';
import { checkReplicate, inputOf, planReplicate } from './input.js';
import { modelOfVersion, replicateModels, type ReplicateModel } from './models.js';
import { modelOf, pictureCount, predictionOf } from './prediction.js';
import { complain, refuse, refuseVersion } from './refusals.js';
import { ownOwner, trainingsOf, versionOf } from './trained.js';
import { replicateWebhook, webhookSecret } from './webhook.js';

const base = '/replicate/v1';
const pageSize = 100;

const keyOf = (request: FastifyRequest): string | null => authorization(request, 'Bearer');

/** How long the client wants to wait for the end, in ms; 0 without `Prefer: wait`. */
function preferredWaitMs(request: FastifyRequest): number {
  const match = /^wait(?:=(\d+))?$/.exec(String(request.headers['prefer'] ?? ''));
  return match === null ? 0 : Math.min(60, Math.max(1, Number(match[1] ?? 60))) * 1000;
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** After how many ms the client wants the task stopped; null: never. */
function cancelAfterMs(request: FastifyRequest): number | null {
  const match = /^(\d+)([smh])$/.exec(String(request.headers['cancel-after'] ?? ''));
  return match === null ? null : Number(match[1]) * (unitMs[match[2] ?? ''] ?? 0);
}

type Named = { owner: string; name: string };

/** A public model, or one of the account's own; null where there is none of this name. */
function modelNamed(world: World, { owner, name }: Named): Pick<ReplicateModel, 'version' | 'official'> | null {
  const own = owner === ownOwner && world.settings.finetunes.includes(name);
  return own ? { version: versionOf(name), official: false } : (replicateModels.get(`${owner}/${name}`) ?? null);
}

/** The dialect of Replicate's predictions (documentation of 2026 and its client 1.4.0), under `/replicate/v1`. */
export function createReplicate({ seed }: { seed: string }): Dialect {
  const checkImages = createImageCheck();
  const files = createFiles();

  async function answer(world: World, request: FastifyRequest, reply: FastifyReply, task: Task) {
    const { now, timeScale } = world.settings;
    const after = cancelAfterMs(request);
    if (after !== null) stopAt(world, task, task.submittedAt + after / timeScale);
    const waitMs = preferredWaitMs(request);
    if (waitMs > 0) await waitUntil(world, reply, now() + waitMs / timeScale, () => isOver(world, task));
    const status = waitMs === 0 || isOver(world, task) ? 201 : 202;
    return { status, body: predictionOf(task, now(), world.url()) };
  }

  async function submit(
    world: World,
    request: FastifyRequest,
    reply: FastifyReply,
    name: string,
    model: ReplicateModel,
  ): Promise<FastifyReply> {
    return await takeSubmit(world, request, reply, checkImages, {
      dialect: 'replicate',
      model: name,
      key: keyOf(request),
      denied: 401,
      at: ['input'],
      prompt: (json) => promptIn(inputOf(json)),
      check: (json) => checkReplicate(model, json, (address) => files.dataUri(address)),
      plan: (values, images) => planReplicate(model, values, images),
      refuse: ({ status }) => refuse(reply, status),
      complain: (complaints) => complain(reply, complaints),
      answer: (task) => answer(world, request, reply, task),
    });
  }

  async function find(
    world: World,
    request: FastifyRequest<{ Params: { id: string } }>,
    reply: FastifyReply,
    show: (task: Task) => { status: number; body: unknown } | null,
  ): Promise<FastifyReply> {
    const owner = ownerOf(world, keyOf(request));
    if (owner === null) return refuse(reply, 401);
    const found = world.engine.look(owner, request.params.id);
    const task = known(found);
    if (task?.dialect !== 'replicate') return refuse(reply, 404);
    const shown = show(task);
    if (shown === null) return cut(request, reply);
    return await answerLook(world, request, reply, found, {
      refuse: (status) => refuse(reply, status),
      answer: () => shown,
    });
  }

  function list(
    world: World,
    request: FastifyRequest<{ Querystring: { cursor?: string } }>,
    reply: FastifyReply,
  ): FastifyReply {
    const owner = ownerOf(world, keyOf(request));
    if (owner === null) return refuse(reply, 401);
    const before = Number(request.query.cursor ?? Infinity);
    const mine = world.engine
      .tasks()
      .filter((task) => task.owner === owner && task.dialect === 'replicate' && task.number < before)
      .filter((task) => phaseOf(task, world.settings.now()) !== 'forgotten')
      .toReversed();
    const page = mine.slice(0, pageSize);
    const next = mine.length > page.length ? `${world.url()}${base}/predictions?cursor=${page.at(-1)?.number}` : null;
    const results = page.map((task) => predictionOf(task, world.settings.now(), world.url()));
    return reply.send({ previous: null, next, results });
  }

  return {
    name: 'replicate',
    base,
    keyOf,
    async picture(task, blobs, n) {
      const model = modelOf(task);
      if (model === null || n >= pictureCount(task)) return null;
      const { request } = task;
      const chosen = request['control_type'] === 'depth' ? 'depth' : 'canny';
      return await sketchOf(task, blobs, n, {
        kind: model.kind === 'chosen' ? chosen : model.kind,
        control: 'control_image',
        finetuneId: String(
          request['finetune_id'] ?? request['lora_weights'] ?? request['lora_url'] ?? request['version'],
        ),
        strength: Number(request['finetune_strength'] ?? request['lora_scale'] ?? request['lora_strength'] ?? 0),
        guidance: share(model.fields['guidance'], request['guidance']),
        steps: share(model.fields['num_inference_steps'], request['num_inference_steps']),
      });
    },
    webhook: (task) => replicateWebhook(task, seed),
    register(app, world) {
      const allowed = (request: FastifyRequest): string | null => ownerOf(world, keyOf(request));
      app.post<{ Params: { owner: string; name: string } }>(
        `${base}/models/:owner/:name/predictions`,
        async (request, reply) => {
          const name = `${request.params.owner}/${request.params.name}`;
          const model = replicateModels.get(name);
          if (model?.official !== true) return refuse(reply, allowed(request) === null ? 401 : 404);
          return await submit(world, request, reply, name, model);
        },
      );
      app.get<{ Params: { owner: string; name: string } }>(`${base}/models/:owner/:name`, (request, reply) => {
        if (allowed(request) === null) return refuse(reply, 401);
        const { owner, name } = request.params;
        const model = modelNamed(world, request.params);
        if (model === null) return refuse(reply, 404);
        const latest_version = model.version === null ? null : { id: model.version, openapi_schema: null };
        return reply.send({ owner, name, visibility: 'public', is_official: model.official, latest_version });
      });
      app.get<{ Params: { owner: string; name: string; id: string } }>(
        `${base}/models/:owner/:name/versions/:id`,
        (request, reply) => {
          if (allowed(request) === null) return refuse(reply, 401);
          const { id } = request.params;
          return modelNamed(world, request.params)?.version === id
            ? reply.send({ id, openapi_schema: null })
            : refuse(reply, 404);
        },
      );
      app.get(`${base}/trainings`, (request, reply) => {
        if (allowed(request) === null) return refuse(reply, 401);
        return reply.send({ previous: null, next: null, results: trainingsOf(world.settings.finetunes) });
      });
      app.post(`${base}/predictions`, async (request, reply) => {
        const body = parseBody(request.body);
        const version = body.ok && isRecord(body.json) ? body.json['version'] : null;
        const found = typeof version === 'string' ? modelOfVersion(version) : null;
        if (found === null) return allowed(request) === null ? refuse(reply, 401) : refuseVersion(reply);
        return await submit(world, request, reply, found.name, found.model);
      });
      app.get<{ Querystring: { cursor?: string } }>(`${base}/predictions`, (request, reply) =>
        list(world, request, reply),
      );
      const show = (task: Task) => ({ status: 200, body: predictionOf(task, world.settings.now(), world.url()) });
      app.get<{ Params: { id: string } }>(`${base}/predictions/:id`, (request, reply) =>
        find(world, request, reply, show),
      );
      // A cancel that comes too late shows the prediction as it ended.
      app.post<{ Params: { id: string } }>(`${base}/predictions/:id/cancel`, (request, reply) =>
        find(world, request, reply, (task) => (cancelTask(world, task) === 'lost' ? null : show(task))),
      );
      app.get(`${base}/account`, (request, reply) =>
        allowed(request) === null
          ? refuse(reply, 401)
          : reply.send({ type: 'user', username: 'sandbox', name: 'Sandbox', github_url: null }),
      );
      app.get(`${base}/webhooks/default/secret`, (request, reply) => {
        const owner = allowed(request);
        return owner === null ? refuse(reply, 401) : reply.send({ key: webhookSecret(seed, owner) });
      });
      app.post(`${base}/files`, async (request, reply) => {
        if (allowed(request) === null) return refuse(reply, 401);
        const id = await files.take(request.body, request.headers['content-type'], world.settings.now());
        return id === null ? refuse(reply, 400) : reply.code(201).send(files.show(id, world.url()));
      });
      app.get<{ Params: { id: string } }>(`${base}/files/:id`, (request, reply) => {
        if (allowed(request) === null) return refuse(reply, 401);
        const file = files.show(request.params.id, world.url());
        return file === null ? refuse(reply, 404) : reply.send(file);
      });
      app.all(`${base}/*`, (_request, reply) => refuse(reply, 404));
    },
  };
}
