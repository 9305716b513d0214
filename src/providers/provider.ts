import type { ControlKind, ModerationStage } from '../domain/lifecycle.js';
import type { ImageInputName, ParameterValues } from '../domain/model.js';
import type { ListedFinetune } from '../domain/provider-call.js';
import type { WebhookReader } from '../domain/webhook.js';

/** A provider account as an adapter needs it. The key exists only in the process that polls. */
export type ProviderAccount = {
  id: string;
  /** Origin and optional path prefix, without a trailing slash, e.g. `https://api.bfl.ai`. */
  baseUrl: string;
  apiKey: string;
  /** How the key is sent, where that is not the provider's only way: the header's name and the word before the key. */
  auth?: { header: string; scheme: string | null } | null;
  /**
   * Host names that URLs from this upstream may point to. `.bfl.ai` allows the domain and all below it; an entry with a
   * port (`127.0.0.1:4100`) allows exactly that; the base URL's own host is always allowed.
   */
  hosts: readonly string[];
};

export type SubmitImage = {
  id: string;
  bytes: Buffer;
  /** Pixels, where they are known: some providers have to be told the size that the picture shall have. */
  width?: number;
  height?: number;
};

/** One generation as it goes to a provider: every parameter resolved, the prompt with its trigger word. */
export type SubmitRequest = {
  /** A UUID of the attempt's own, the same however often it is asked for: for providers that let the caller name the task. */
  key: string;
  /** Darkroom's name of the model, without the provider: what follows the slash in its id. */
  model: string;
  /** The provider's own name of the model, by the catalogue. */
  endpoint: string;
  control: ControlKind;
  prompt: string;
  /** The provider's own id of the finetune, where the model goes by one. */
  finetuneId: string | null;
  /** Address of the LoRA's weights, where the model goes by one; its scale is `finetuneStrength`. */
  loraUrl: string | null;
  parameters: ParameterValues;
  images: Readonly<Partial<Record<ImageInputName, SubmitImage>>>;
  /** Where the provider is to call when it is done, and what it is to sign with; null: nowhere. */
  webhook: { url: string; secret: string } | null;
};

/** Where to ask for a task, and what else the provider gave for it. Addresses are as they came: check before following. */
export type TaskHandle = {
  taskId: string;
  pollingUrl: string | null;
  /** Where the result is, when that is not what the polling URL answers. */
  resultUrl: string | null;
  /** Where to ask for its end. */
  cancelUrl: string | null;
  /**
   * The provider's own name of the model, for those whose addresses hold it: all there is to ask by when a webhook told the
   * task's id and the submit's answer never came.
   */
  endpoint?: string;
};

export type SubmitRefusalCode =
  /** The provider found the request wrong (400, 422). */
  | 'PROVIDER_REFUSED'
  /** The provider does not know the model, or no longer (404, 410). */
  | 'MODEL_RETIRED_UPSTREAM'
  /** The provider does not know the finetune, or the LoRA. */
  | 'FINETUNE_UNKNOWN'
  /** The account's key is missing or not allowed (401, 403). */
  | 'PROVIDER_UNAUTHORIZED'
  /** The account is out of credits (402). */
  | 'PROVIDER_OUT_OF_CREDITS'
  /** Too many active tasks or requests (429), or told to come back later. */
  | 'PROVIDER_BUSY'
  /** The connection was refused: nothing was sent. */
  | 'PROVIDER_UNREACHABLE';

/** What became of a submit. Only `refused` is proof that nothing was accepted, so only it may ever be sent again. */
export type SubmitOutcome =
  | {
      kind: 'accepted';
      task: TaskHandle;
      costMicros: number | null;
      /** What the answer said of the outcome already, as some gateways do; null: nothing. */
      look: FinalLook | null;
    }
  | {
      kind: 'refused';
      code: SubmitRefusalCode;
      /** For the log and the owner of the generation; never holds a key. */
      message: string;
      httpStatus: number | null;
      /** `never`: the same request will be refused again. `later`: after a pause. `account`: when the account is mended. */
      retry: 'never' | 'later' | 'account';
      retryAfterMs: number | null;
    }
  /** The answer never came, or made no sense: the task may exist, and be billed. */
  | { kind: 'unknown'; message: string; httpStatus: number | null };

/** What one look at a task showed. */
export type LookOutcome =
  | {
      kind: 'running';
      /** The provider's own status word. */
      word: string;
      /** False when the word is not in the provider's table: keep polling, and warn. */
      known: boolean;
      /** 0 to 1, where the provider tells. */
      progress: number | null;
    }
  | {
      kind: 'ready';
      image: ResultImage;
      seed: number | null;
      /** What the provider says it billed, where it says so. */
      costMicros: number | null;
      /** The provider's own times, where it tells. */
      startedAt: Date | null;
      finishedAt: Date | null;
    }
  | { kind: 'moderated'; stage: ModerationStage; reasons: string[] }
  | { kind: 'failed'; message: string }
  /** It was stopped before its end, by us or by somebody else. */
  | { kind: 'canceled'; message: string }
  /** It ended well, and the provider has removed what it made. */
  | { kind: 'removed'; message: string }
  /** The provider does not know the task: lost, expired, or not known yet right after the submit. */
  | { kind: 'notFound' }
  /** No answer about the task: try again, not before `retryAfterMs`. */
  | { kind: 'unavailable'; message: string; httpStatus: number | null; retryAfterMs: number | null };

/** What ends a task. */
export type FinalLook = Exclude<LookOutcome, { kind: 'running' | 'notFound' | 'unavailable' }>;

/** A picture that is to be fetched, or that came with the answer. */
export type ResultImage = { kind: 'url'; url: string } | { kind: 'bytes'; bytes: Buffer };

/** What came of asking for a task's end. How it ended is told by the next look all the same. */
export type CancelOutcome =
  /** The provider takes note: it will not run, or is being stopped. */
  | { kind: 'asked' }
  /** It is over already, or cannot be stopped any more. */
  | { kind: 'tooLate'; message: string }
  | { kind: 'unavailable'; message: string };

/** What a provider says of a submit whose answer was lost. */
export type FindOutcome =
  | { kind: 'found'; task: TaskHandle }
  /** Proof that it was never accepted. */
  | { kind: 'absent' }
  | { kind: 'unavailable'; message: string };

export type ListOutcome =
  | { kind: 'listed'; finetunes: ListedFinetune[] }
  | { kind: 'refused' | 'unavailable'; message: string };

export type BindingCheck =
  /** The provider has it. */
  | { kind: 'valid'; message: string }
  /** The provider says that it has no such thing. */
  | { kind: 'invalid'; message: string }
  /** Nothing that is free could tell. */
  | { kind: 'unknown'; message: string };

export type DownloadOutcome =
  | { kind: 'bytes'; bytes: Buffer }
  /** The URL no longer answers with the image (403, 404, 410). */
  | { kind: 'gone'; message: string }
  /** The URL may not be followed: its host is not in the account's list. */
  | { kind: 'foreign'; message: string }
  /** More bytes than any image has. */
  | { kind: 'tooLarge'; message: string }
  | { kind: 'unavailable'; message: string };

/** What a call that costs nothing says of an account. */
export type ProbeOutcome =
  | {
      kind: 'well';
      /** Credit left, in micro-USD, where the provider tells. */
      creditMicros: number | null;
    }
  | { kind: 'refused' | 'unavailable'; message: string };

/** One upstream. No word of its dialect is known outside its own files. None of the methods throws for what an upstream does. */
export type Provider = {
  name: string;
  /** Where it answers unless an account says otherwise; null: every account has to say. */
  baseUrl: string | null;
  /** How long a result can be downloaded once it is finished, in ms. */
  resultLifetimeMs: number;
  /**
   * Where the outcome comes with the answer to the submit: how long that may take, in ms. Such a task cannot be asked for
   * afterwards. Absent where a task is looked at.
   */
  answersAtOnce?: { withinMs: number };
  /** The body that `submit` would send, each image replaced by its id and without the webhook: kept with the attempt. */
  describe(request: SubmitRequest): Record<string, unknown>;
  submit(account: ProviderAccount, request: SubmitRequest, signal: AbortSignal): Promise<SubmitOutcome>;
  look(account: ProviderAccount, task: TaskHandle, signal: AbortSignal): Promise<LookOutcome>;
  download(account: ProviderAccount, url: string, signal: AbortSignal): Promise<DownloadOutcome>;
  /** Checks and reads a webhook, without any key of the account; null where the provider has none. */
  readWebhook: WebhookReader | null;
  /** Asks whether the account is usable, by a call that costs nothing. */
  probe(account: ProviderAccount, signal: AbortSignal): Promise<ProbeOutcome>;
  /** Asks for a task's end; null where the provider cannot. May be asked again. */
  cancel: ((account: ProviderAccount, task: TaskHandle, signal: AbortSignal) => Promise<CancelOutcome>) | null;
  /** Asks what became of a submit whose answer was lost, by the key it was sent with; null where nothing can tell. */
  find: ((account: ProviderAccount, key: string, signal: AbortSignal) => Promise<FindOutcome>) | null;
  /**
   * Calls `wake` when the provider tells of a task by itself, over a connection that the adapter owns: it is worth a look
   * then. Gives back how to stop listening. Null where the provider tells nothing.
   */
  listen: ((account: ProviderAccount, taskId: string, wake: () => void) => () => void) | null;
  /** The finetunes that the account has; null where the provider lists none. */
  listFinetunes: ((account: ProviderAccount, signal: AbortSignal) => Promise<ListOutcome>) | null;
  /** Whether a binding can work, by calls that cost nothing; null where nothing can tell. */
  checkBinding:
    | ((
        account: ProviderAccount,
        binding: { finetuneId: string | null; loraUrl: string | null },
        signal: AbortSignal,
      ) => Promise<BindingCheck>)
    | null;
  /** Lets what is in flight end, then closes the sockets. */
  close(): Promise<void>;
};
