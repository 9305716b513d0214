import type { IncomingHttpHeaders } from 'node:http';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { createBoundedMap } from '../bounded.js';
import { tinyImage } from '../draw/tiny.js';
import { createPictures } from '../pictures.js';
import type { Dialect, World } from '../world.js';
import { owner, type Comfy } from './context.js';
import { createFiles } from './files.js';
import { installedFiles } from './installed.js';
import { isForeign } from './origin.js';
import { createComfyProcess } from './process.js';
import { createPromptDoor } from './prompt.js';
import { empty, proxyError, readJson } from './replies.js';
import { registerRoutes } from './routes.js';
import { findImage } from './save.js';
import { createSockets } from './sockets.js';
import { takeSockets } from './upgrade.js';
import { mostUploadBytes } from './upload.js';

const base = '/comfyui';
const prefixes = [base, `${base}/api`];

const restartSchema = z.object({ downMs: z.number().min(0).max(3_600_000).default(0) });

/** ComfyUI has no keys; a proxy in front of it may ask for one as `Authorization: Bearer …`. */
function keyIn(headers: IncomingHttpHeaders): string | null {
  const key = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return key ?? null;
}

function keyOf(request: FastifyRequest): string | null {
  return request.url.startsWith(`${base}/`) ? keyIn(request.headers) : null;
}

/** Tasks of a process that is gone: its queue is lost, as ComfyUI's is. */
function loseRestored({ engine, settings }: World): void {
  const at = settings.now();
  for (const task of engine.tasks()) {
    if (task.dialect !== 'comfyui' || task.finishedAt !== null) continue;
    engine.retime(task, { startedAt: Math.min(task.startedAt, at), finishedAt: at });
  }
}

/** A ComfyUI server of one's own: prompts in, one at a time, with events over WebSocket. */
export function createComfyui(): Dialect {
  return {
    name: owner,
    base,
    keyOf,
    picture: () => Promise.resolve(null),
    webhook: () => null,
    register(app, world) {
      loseRestored(world);
      register(app, world);
    },
  };
}

function register(app: FastifyInstance, world: World): void {
  const { settings, engine, stopping } = world;
  const old = settings.comfyui === 'old';
  const features = { supports_preview_metadata: true, max_upload_size: mostUploadBytes };
  const files = createFiles(settings.stateDir);
  const sockets = createSockets(old ? null : features);
  const installed = installedFiles(settings.finetunes);
  let preview: Buffer = Buffer.alloc(0);
  let downUntil = 0;

  const process = createComfyProcess({ settings, engine, files, sockets, preview: () => preview });
  const comfy: Comfy = {
    world,
    old,
    process,
    files,
    sockets,
    installed,
    shelf: {
      lists: (wanted) => (wanted === 'input' ? files.list('input') : installed[wanted]),
      hasImage: (name) => findImage(files, name) !== null,
    },
    tasks: createBoundedMap(settings.logLimit),
  };
  const door = createPromptDoor(comfy);
  const parts = { pictures: createPictures(settings.image), door, features };
  stopping.addEventListener('abort', () => process.stop(), { once: true });

  /** Why a request does not even reach ComfyUI, or is not heard by it. */
  function refusal(headers: IncomingHttpHeaders): 401 | 403 | 502 | null {
    if (settings.now() < downUntil) return 502;
    const key = keyIn(headers);
    if (settings.keys !== null && (key === null || !settings.keys.includes(key))) return 401;
    return isForeign(headers) ? 403 : null;
  }

  for (const prefix of prefixes) {
    void app.register(
      async (scope) => {
        preview = await tinyImage('jpeg');
        await scope.register(multipart, { limits: { fileSize: mostUploadBytes } });
        scope.addHook('onRequest', (request, reply, done) => {
          const status = refusal(request.headers);
          if (status === 403) return void empty(reply, 403);
          if (status !== null) return void proxyError(reply, status);
          if (request.method === 'OPTIONS') return void empty(reply);
          process.advance();
          done();
        });
        registerRoutes(scope, comfy, parts);
      },
      { prefix },
    );
  }

  takeSockets(
    app,
    prefixes.map((prefix) => `${prefix}/ws`),
    ({ headers }) => (stopping.aborted ? 503 : refusal(headers)),
    (socket, clientId) => {
      process.advance();
      sockets.connect(socket, clientId, (sid) => {
        const greeting: [string, object][] = [
          ['status', { status: { exec_info: { queue_remaining: process.remaining() } }, sid }],
        ];
        const node = process.nodeFor(sid);
        if (node !== null) greeting.push(['executing', { node }]);
        return greeting;
      });
    },
  );

  app.post('/sandbox/comfyui/restart', (request, reply) => {
    const body = restartSchema.safeParse(readJson(request.body) ?? {});
    if (!body.success) return reply.code(400).send({ detail: 'downMs must be a number from 0 to 3600000' });
    process.advance();
    process.restart();
    door.restart();
    downUntil = settings.now() + body.data.downMs;
    return reply.send({ restarted: true, downUntil });
  });
}
