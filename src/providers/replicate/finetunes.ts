import { z } from 'zod';
import type { ListedFinetune } from '../../domain/provider-call.js';
import { readObject } from '../answer.js';
import { describeExchange, unansweredCall } from '../ask-answer.js';
import { homeUrl } from '../hosts.js';
import type { BindingCheck, ListOutcome, ProviderAccount } from '../provider.js';
import type { Exchange } from '../exchange.js';
import { apiUrl } from './address.js';
import { modelParts } from './target.js';

type Ask = (url: URL) => Promise<Exchange>;

const maxPages = 10;
const page = z.object({ results: z.array(z.unknown()), next: z.string().nullable().catch(null) });
const training = z.object({
  status: z.literal('succeeded'),
  output: z.object({ version: z.string() }),
  input: z.looseObject({ trigger_word: z.string().nullable().catch(null) }).catch({ trigger_word: null }),
});
const trained = /^([^/\s]+\/[^/:\s]+):([0-9a-f]{64})$/i;

/** The versions that the account's trainings made. Other models can be trained there too: which, their owner knows. */
export async function listFinetunes(account: ProviderAccount, ask: Ask): Promise<ListOutcome> {
  const finetunes: ListedFinetune[] = [];
  let url = apiUrl(account, '/trainings');
  for (let pages = 0; url !== null && pages < maxPages; pages += 1) {
    const exchange = await ask(url);
    const answer = exchange.kind === 'answered' && exchange.status === 200 ? readObject(exchange.body) : null;
    const { data } = page.safeParse(answer);
    if (data === undefined) return unansweredCall(exchange, account.apiKey);
    finetunes.push(...data.results.flatMap(readTraining));
    url = data.next === null ? null : homeUrl(account, data.next);
  }
  return { kind: 'listed', finetunes };
}

function readTraining(result: unknown): ListedFinetune[] {
  const { data } = training.safeParse(result);
  const [finetuneId, name, version] = trained.exec(data?.output.version ?? '') ?? [];
  if (data === undefined || finetuneId === undefined || name === undefined || version === undefined) return [];
  return [
    {
      finetuneId,
      // flux-dev-lora loads a trained version by its name (its version page at replicate.com, 2026).
      loraUrl: `${name}/${version}`,
      name,
      triggerWord: data.input.trigger_word === '' ? null : data.input.trigger_word,
    },
  ];
}

/** Asks for the model or version that a binding names. A LoRA elsewhere is not fetched from here: its address is anybody's choice. */
export async function checkBinding(
  account: ProviderAccount,
  binding: { finetuneId: string | null; loraUrl: string | null },
  ask: Ask,
): Promise<BindingCheck> {
  const named = [binding.finetuneId, binding.loraUrl].filter((each) => each !== null).map(pathOf);
  const paths = named.filter((path) => path !== null);
  if (paths.length === 0 || paths.length < named.length) {
    const message =
      'Replicate can be asked only about models and versions of its own, owner/name or owner/name:version';
    return { kind: 'unknown', message };
  }
  for (const path of paths) {
    const url = apiUrl(account, path);
    const exchange = url === null ? null : await ask(url);
    if (exchange?.kind !== 'answered' || (exchange.status !== 200 && exchange.status !== 404)) {
      const message =
        exchange === null ? "the account's base URL is no http address" : describeExchange(exchange, account.apiKey);
      return { kind: 'unknown', message };
    }
    if (exchange.status === 404)
      return { kind: 'invalid', message: `Replicate has no ${path.slice(1)} for this account` };
  }
  return { kind: 'valid', message: `Replicate has ${paths.map((path) => path.slice(1)).join(' and ')}` };
}

/** `owner/name`, `owner/name:version` and, for LoRAs, `owner/name/version`; null for what is not to be asked for there. */
function pathOf(text: string): string | null {
  const [, name = '', version] = /^([^/\s]+\/[^/:\s]+)(?:[:/]([0-9a-f]{64}))?$/i.exec(text) ?? [];
  if (modelParts(name) === null) return null;
  return `/models/${name}${version === undefined ? '' : `/versions/${version.toLowerCase()}`}`;
}
