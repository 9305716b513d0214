import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isRecord } from '../body.js';
import { logNormal, randomFrom, sha256 } from '../random.js';
import { readWish, type Wish } from '../outcome.js';
import { cut, sendHalf, sendPage } from '../replies.js';
import { decideSubmit, witnessSubmit } from '../submission.js';
import { customReason, graphReason, notInList, type NodeErrors, type Reason } from './complaint.js';
import { owner, type Comfy } from './context.js';
import { classOf, executionOrder, outputNodes, toGraph, type Graph } from './graph.js';
import type { Item } from './item.js';
import { readMeaning, type Meaning } from './meaning.js';
import { PythonError, toFloat } from './python.js';
import { aiohttpError, proxyError, readJson } from './replies.js';
import { stepsOf } from './run.js';
import { findImage } from './save.js';
import { validateGraph } from './validate.js';

const canonicalId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What differs at every try of the same request. */
const passing = ['prompt_id', 'client_id'];
const known = new Set(['prompt', 'number', 'front', 'extra_data', 'partial_execution_targets', ...passing]);

/** Before scaling, when nothing is in the cache: what a card of some years would need for FLUX.1 dev. */
function medianMs(graph: Graph, outputs: readonly string[]): number {
  const steps = executionOrder(graph, outputs).map((id) => stepsOf(graph, id));
  return 1_500 + 350 * Math.max(0, ...steps);
}

function refuse(reply: FastifyReply, error: Reason, nodeErrors: NodeErrors = {}): FastifyReply {
  return reply.code(400).send({ error, node_errors: nodeErrors });
}

/** What the graph is about, as far as it can be read: the picture that is saved comes first. */
function meaningOf({ files }: Comfy, graph: Graph): Meaning | null {
  const outputs = outputNodes(graph);
  const saved = outputs.filter((id) => classOf(graph, id) === 'SaveImage');
  const meanings = [...saved, ...outputs].map((id) => readMeaning(graph, id, (name) => findImage(files, name)));
  return meanings.find(({ text }) => text !== null) ?? meanings[0] ?? null;
}

/** The node that holds the text with the wish in it. */
function textNode(graph: Graph): string {
  const ids = Object.keys(graph);
  return ids.find((id) => classOf(graph, id).startsWith('CLIPTextEncode')) ?? ids[0] ?? '';
}

function wrongText(graph: Graph, outputs: readonly string[], why: string): NodeErrors {
  const id = textNode(graph);
  return {
    [id]: { errors: [customReason('text', why)], dependent_outputs: [...outputs], class_type: classOf(graph, id) },
  };
}

/** The saving nodes are refused, while the rest of the graph is taken. */
function refuseSaving(graph: Graph, outputs: readonly string[]): { outputs: string[]; nodeErrors: NodeErrors } {
  const saving = outputs.filter((id) => classOf(graph, id) === 'SaveImage');
  const reason = notInList('filename_prefix', 'asked for by the prompt', [], null);
  return {
    outputs: outputs.filter((id) => !saving.includes(id)),
    nodeErrors: Object.fromEntries(
      saving.map((id) => [id, { errors: [reason], dependent_outputs: [id], class_type: 'SaveImage' }]),
    ),
  };
}

function refuseWish(reply: FastifyReply, status: number, graph: Graph, outputs: readonly string[]): FastifyReply {
  if (status === 500) return aiohttpError(reply, 500);
  if (status !== 400) return proxyError(reply, status);
  const error = graphReason('prompt_outputs_failed_validation', 'Prompt outputs failed validation');
  return refuse(reply, error, wrongText(graph, outputs, 'Asked for by the prompt'));
}

/** Takes prompts. Its numbers go up by one with each, valid or not, until ComfyUI starts anew. */
export function createPromptDoor(comfy: Comfy): {
  post: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
  restart: () => void;
} {
  const { world, old, process, shelf, tasks } = comfy;
  let counter = 0;

  function numberOf(body: Record<string, unknown>): number {
    if ('number' in body) return toFloat(body['number']);
    const number = body['front'] ? 0 - counter : counter;
    counter += 1;
    return number;
  }

  async function take(
    request: FastifyRequest,
    reply: FastifyReply,
    body: Record<string, unknown>,
    raw: Buffer,
  ): Promise<FastifyReply> {
    const number = numberOf(body);
    const graph = 'prompt' in body ? toGraph(body['prompt']) : {};
    const meaning = meaningOf(comfy, graph);
    const entry = world.entryOf(request);
    const lasting = Object.fromEntries(Object.entries(body).filter(([name]) => !passing.includes(name)));
    const ignored = Object.keys(body).filter((name) => !known.has(name) || (old && name === 'prompt_id'));
    const { fingerprint, repeats } = witnessSubmit(world, entry, {
      model: meaning?.model ?? '',
      fingerprint: sha256(Object.keys(lasting).length === 0 ? raw : JSON.stringify(lasting)),
      prompt: meaning?.text ?? null,
      ignored,
    });

    if (!('prompt' in body)) return refuse(reply, graphReason('no_prompt', 'No prompt provided', 'No prompt provided'));
    const given = old ? null : (body['prompt_id'] ?? null);
    if (given !== null && !(typeof given === 'string' && canonicalId.test(given))) {
      const details =
        'prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one';
      return refuse(reply, graphReason('invalid_prompt_id', 'prompt_id must be a valid UUID', details));
    }
    const targets = body['partial_execution_targets'];
    const only = Array.isArray(targets) ? targets.map(String) : null;
    const verdict = validateGraph(graph, shelf, { only, old });
    if (!verdict.ok) return refuse(reply, verdict.error, verdict.nodeErrors);
    const { wish, problem } = readWish(meaning?.text ?? '');
    if (problem !== null) {
      const error = graphReason('prompt_outputs_failed_validation', 'Prompt outputs failed validation');
      return refuse(reply, error, wrongText(graph, verdict.outputs, problem));
    }

    const promptId = typeof given === 'string' ? given : randomUUID();
    const { outputs, nodeErrors } = wish.partial === undefined ? verdict : refuseSaving(graph, verdict.outputs);
    const median = world.settings.medianMs ?? medianMs(graph, outputs);
    const spanMs = (chosen: Wish): number => {
      if (chosen['ready-at-once'] !== undefined) return 0;
      if (chosen.duration !== undefined) return chosen.duration * 1000;
      return logNormal(randomFrom(world.settings.seed, 'duration', fingerprint, repeats), median, world.settings.sigma);
    };
    const extra = { ...(isRecord(body['extra_data']) ? body['extra_data'] : {}) };
    if ('client_id' in body) extra['client_id'] = body['client_id'];
    extra['create_time'] = Math.floor(world.settings.now());
    const clientId = typeof extra['client_id'] === 'string' ? extra['client_id'] : null;
    const recipe = meaning?.recipe;
    const decision = await decideSubmit(
      world,
      entry,
      {
        // Two prompts may have one id; a task's is its own.
        ...(tasks.get(promptId) === undefined ? { id: promptId } : {}),
        queued: true,
        owner,
        dialect: 'comfyui',
        model: meaning?.model ?? '',
        wish,
        fingerprint,
        repeats,
        cost: 0,
        medianMs: median,
        // Files stay until somebody removes them.
        lifetimeMs: 10 * 365 * 86_400_000,
        request: {
          prompt_id: promptId,
          prompt: meaning?.text ?? '',
          lora: recipe?.lora ?? '',
          strength: recipe?.strength ?? 0,
          kind: recipe?.kind ?? 'text',
          number,
        },
        images: {},
        seed: recipe?.seed ?? 0,
        width: recipe?.width ?? 0,
        height: recipe?.height ?? 0,
      },
      (task) => {
        tasks.set(promptId, task);
        const item: Item = { number, promptId, graph, extra, outputs, clientId, task, spanMs: spanMs(task.wish) };
        if (task.wish['not-found'] === undefined) process.put(item);
      },
    );
    if (decision.kind === 'refused') return refuseWish(reply, decision.status, graph, verdict.outputs);
    const accepted = { prompt_id: promptId, number, node_errors: nodeErrors };
    switch (decision.answer) {
      case 'usual':
        return reply.send(accepted);
      case 'error':
        return aiohttpError(reply, 500);
      case 'html':
        return sendPage(reply);
      case 'truncated':
        return sendHalf(request, reply, 200, accepted);
      case 'none':
        return cut(request, reply);
      default:
        return decision.answer satisfies never;
    }
  }

  return {
    restart() {
      counter = 0;
    },
    async post(request, reply) {
      const json = readJson(request.body);
      if (json === undefined || json === null) return aiohttpError(reply, 500);
      try {
        const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        return await take(request, reply, isRecord(json) ? json : {}, raw);
      } catch (thrown) {
        if (!(thrown instanceof PythonError)) throw thrown;
        return aiohttpError(reply, 500);
      }
    },
  };
}
