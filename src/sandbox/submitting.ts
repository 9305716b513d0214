import type { FastifyReply, FastifyRequest } from 'fastify';
import { fingerprintOf, parseBody } from './body.js';
import type { NewTask } from './engine.js';
import type { CheckImages, GivenImage } from './images.js';
import { ownerOf } from './keys.js';
import { readWish, type Refusal } from './outcome.js';
import { cut, sendHalf, sendPage } from './replies.js';
import { decideSubmit, witnessSubmit } from './submission.js';
import type { Task } from './task.js';
import type { Complaint, Fields, Values } from './validate.js';
import type { World } from './world.js';

export type Checked =
  | { ok: true; fields: Fields; values: Values; ignored: string[] }
  | { ok: false; complaints: Complaint[] };

/** What a task is to be, as far as its dialect knows. */
export type Plan = Omit<
  NewTask,
  'owner' | 'dialect' | 'model' | 'images' | 'wish' | 'fingerprint' | 'repeats' | 'luck'
>;

/** How one dialect takes a submit; all that is the same for all of them is in `takeSubmit`. */
export type Form = {
  readonly dialect: string;
  readonly model: string;
  readonly key: string | null;
  /** HTTP status for a key that is missing or wrong. */
  readonly denied: 401 | 403;
  /** Where the prompt and the images stand in the body. */
  readonly at: readonly string[];
  prompt(json: unknown): string | null;
  /** Checks the parsed body; it may be anything. */
  check(json: unknown): Checked;
  plan(values: Values, images: Readonly<Record<string, GivenImage>>): Plan;
  refuse(refusal: Refusal): FastifyReply;
  complain(complaints: Complaint[]): FastifyReply;
  /** Where a queue takes what its model will refuse: the task that is made all the same. */
  planAnyway?(json: unknown, complaints: Complaint[]): Plan;
  /** The answer to a submit that made a task. */
  answer(task: Task): Promise<{ status: number; body: unknown }> | { status: number; body: unknown };
};

/** Takes a submit: writes it down, checks key, body and images, makes the task or refuses it, and answers as wished. */
export async function takeSubmit(
  world: World,
  request: FastifyRequest,
  reply: FastifyReply,
  checkImages: CheckImages,
  form: Form,
): Promise<FastifyReply> {
  const { dialect, model, at } = form;
  const entry = world.entryOf(request);
  const body = parseBody(request.body);
  const json = body.ok ? body.json : null;
  const prompt = form.prompt(json);
  const checked = form.check(json);
  const ignored = checked.ok ? checked.ignored : [];
  const submit = { model, fingerprint: fingerprintOf(body), prompt, ignored };
  const { fingerprint, repeats } = witnessSubmit(world, entry, submit);

  const owner = ownerOf(world, form.key);
  if (owner === null) return form.refuse({ status: form.denied, inside200: false });
  if (!body.ok) return form.complain([{ loc: ['body', 0], msg: 'JSON decode error', type: 'json_invalid' }]);
  const { images, complaints } = checked.ok
    ? await checkImages(checked.fields, checked.values, at)
    : { images: {}, complaints: [...checked.complaints] };
  const { wish, problem } = readWish(prompt ?? '');
  if (problem !== null)
    complaints.push({ loc: [...at, 'prompt'], msg: `Value error, ${problem}`, type: 'value_error' });
  if (checked.ok) complaints.push(...checkFinetune(checked.values, at));
  const plan =
    checked.ok && complaints.length === 0 ? form.plan(checked.values, images) : form.planAnyway?.(json, complaints);
  if (plan === undefined) return form.complain(complaints);
  const made = { ...plan, owner, dialect, model, wish, fingerprint, repeats, images };
  const decision = await decideSubmit(world, entry, made);
  if (decision.kind === 'refused') return form.refuse(decision);
  switch (decision.answer) {
    case 'none':
      return cut(request, reply);
    case 'error':
      return form.refuse({ status: 500, inside200: false });
    case 'html':
      return sendPage(reply);
    case 'usual':
    case 'truncated': {
      const { status, body: answer } = await form.answer(decision.task);
      return decision.answer === 'usual' ? reply.code(status).send(answer) : sendHalf(request, reply, status, answer);
    }
    default:
      return decision.answer satisfies never;
  }
}

/** Any finetune is known here, but for those whose name says otherwise: so a client can see what becomes of a wrong one. */
function checkFinetune(values: Values, at: readonly string[]): Complaint[] {
  const id = values['finetune_id'];
  if (typeof id !== 'string' || !id.startsWith('unknown-')) return [];
  return [{ loc: [...at, 'finetune_id'], msg: `Value error, finetune ${id} does not exist`, type: 'value_error' }];
}
