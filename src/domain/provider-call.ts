/** A finetune that an account has at its provider. */
export type ListedFinetune = {
  finetuneId: string | null;
  loraUrl: string | null;
  /** For people. */
  name: string;
  triggerWord: string | null;
};

/** Something to ask a provider, at no cost, that needs the account's key. */
export type ProviderQuestion =
  | { kind: 'LIST_FINETUNES' }
  | { kind: 'CHECK_BINDING'; finetuneId: string | null; loraUrl: string | null };

export const bindingVerdicts = ['VALID', 'INVALID', 'UNKNOWN'] as const;
export type BindingVerdict = (typeof bindingVerdicts)[number];

export type ProviderAnswer =
  | { kind: 'LISTED'; finetunes: ListedFinetune[] }
  | { kind: 'CHECKED'; verdict: BindingVerdict; message: string }
  /** The provider has no such call. */
  | { kind: 'UNSUPPORTED'; message: string }
  /** The provider refused, or could not be asked. */
  | { kind: 'FAILED'; message: string };

/** Questions to providers, from processes without their keys to those with them. */
export type ProviderCalls = {
  /** False when too many of the project are open. */
  ask(call: { id: string; projectId: string; account: string; question: ProviderQuestion }): Promise<boolean>;
  answerOf(id: string): Promise<ProviderAnswer | null>;
  /** Those for these accounts that nobody has taken, each given to one caller only. */
  claim(accounts: readonly string[]): Promise<{ id: string; account: string; question: ProviderQuestion }[]>;
  answer(id: string, answer: ProviderAnswer): Promise<void>;
};
