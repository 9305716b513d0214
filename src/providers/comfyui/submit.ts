import { z } from 'zod';
import { tidy } from '../answer.js';
import { endpointUrl } from '../hosts.js';
import type { ProviderAccount, SubmitOutcome, SubmitRequest } from '../provider.js';
import { readSubmitAnswer, refusals, refuseSubmit } from '../submit-answer.js';
import type { Transport } from '../transport.js';
import { authHeaders, type Asker } from './ask.js';
import { cancelTask } from './cancel.js';
import { handleOf } from './find.js';
import { fillGraph, seedOf } from './graph.js';
import type { KnownServer } from './known.js';
import { findLora, listLoras, loraNameFault } from './loras.js';
import { writeMarker } from './marker.js';
import { errorsOf, refusalFor } from './refusal.js';
import { taskIdText } from '../task-id.js';
import { uploadImage } from './upload.js';
import type { Workflow } from './workflow.js';
import type { Workflows } from './workflows.js';

const maxAnswerBytes = 1024 * 1024;
/** So long a list of LoRA files is believed; one that lacks a file is asked for again at once. */
const loraListMs = 60_000;

const acceptance = z.object({ prompt_id: taskIdText.nullable().catch(null) });

type Refused = Extract<SubmitOutcome, { kind: 'refused' }>;
export type SubmitParts = {
  transport: Transport;
  asker: Asker;
  known: KnownServer;
  workflows: Workflows;
  /** Whose events the server is to send us. */
  clientId: string;
};

/** The body of `POST /prompt`, but for who listens. */
export function createPrompt(
  workflow: Workflow,
  request: SubmitRequest,
  files: { lora: string; controlImage: string | null },
): Record<string, unknown> {
  return {
    prompt: fillGraph(workflow, request, files),
    prompt_id: request.key,
    extra_data: writeMarker({ key: request.key, seed: seedOf(request), output: workflow.output }),
  };
}

export async function submitTask(
  parts: SubmitParts,
  account: ProviderAccount,
  request: SubmitRequest,
  signal: AbortSignal,
): Promise<SubmitOutcome> {
  const { transport, known, workflows, clientId } = parts;
  const url = endpointUrl(account, '/prompt');
  const workflow = workflows.byModel.get(request.endpoint);
  if (url === null || workflow === undefined) return refuse(`there is no workflow for ${request.endpoint}`);
  const lora = await resolveLora(parts, request.finetuneId);
  if (typeof lora !== 'string') return { ...lora, message: tidy(lora.message, account.apiKey) };
  const { controlImage } = request.images;
  const uploaded = controlImage === undefined ? null : await uploadImage(transport, account, controlImage, signal);
  if (uploaded?.kind === 'refused') return uploaded;

  const files = { lora, controlImage: uploaded?.name ?? null };
  const exchange = await transport.sendOnce({
    method: 'POST',
    url,
    headers: { ...authHeaders(account), 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ ...createPrompt(workflow, request, files), client_id: clientId }),
    maxBytes: maxAnswerBytes,
    signal,
  });
  /** A task that the server took although it cannot make our picture. */
  let useless: string | null = null;
  const outcome = readSubmitAnswer(exchange, {
    apiKey: account.apiKey,
    now: Date.now(),
    refusalFor,
    accept(answer, status) {
      const { prompt_id: id } = acceptance.parse(answer);
      if (id === null) return { kind: 'unknown', message: 'the answer names no task', httpStatus: status };
      known.noteId(id, request.key);
      const errors = errorsOf(answer, workflow.output);
      if (errors !== null) {
        useless = id;
        return refuseSubmit(refusals.wrong, { status, explanation: errors, apiKey: account.apiKey });
      }
      return { kind: 'accepted', task: handleOf(account, id, request.key), costMicros: 0, look: null };
    },
  });
  if (useless !== null) await cancelTask(parts, account, useless);
  return outcome;
}

/** The LoRA's file name in the server's own spelling, or why there is none. */
async function resolveLora({ asker, known, workflows }: SubmitParts, wanted: string | null): Promise<string | Refused> {
  if (wanted === null) return refuse('no LoRA is named: give its file name as finetuneId');
  const name = workflows.loras.get(wanted) ?? wanted;
  const fault = loraNameFault(name);
  if (fault !== null) return refuse(`the LoRA's name ${JSON.stringify(name)} ${fault}`);
  const { loras } = known;
  const remembered = loras === null || performance.now() - loras.at > loraListMs ? null : findLora(loras.names, name);
  if (remembered !== null) return remembered;
  const list = await listLoras(asker);
  // The server checks the name itself; without a list it goes as it is.
  if (list.kind !== 'listed') return name;
  known.loras = { names: list.names, at: performance.now() };
  return findLora(list.names, name) ?? refuse(`the server has no LoRA file ${name}`, 'FINETUNE_UNKNOWN');
}

function refuse(message: string, code: Refused['code'] = 'PROVIDER_REFUSED'): Refused {
  return { kind: 'refused', code, message, httpStatus: null, retry: 'never', retryAfterMs: null };
}
