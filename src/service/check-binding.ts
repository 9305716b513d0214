import { keyOf } from '../domain/ids.js';
import type { Profiles, Viewer } from '../domain/ports.js';
import type { BindingVerdict } from '../domain/provider-call.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import type { Catalogue } from '../domain/route.js';
import type { AskProvider } from './ask-provider.js';
import { accountFor } from './import-profiles.js';

export type CheckedBinding = { verdict: BindingVerdict; message: string };

export type CheckBinding = (
  viewer: Viewer,
  request: { profileId: string; provider: string; account: string | null },
) => Promise<Checked<CheckedBinding>>;

/** Asks the provider, at no cost, whether it has what a profile is bound to there. */
export function createCheckBinding(parts: {
  profiles: Pick<Profiles, 'find'>;
  catalogue: Catalogue;
  askProvider: AskProvider;
}): CheckBinding {
  const { profiles, catalogue, askProvider } = parts;
  return async (viewer, { profileId, provider, account: wanted }) => {
    const key = keyOf('FinetuneProfile', profileId);
    const [profile] = key === null ? [] : await profiles.find(viewer.projectId, [key]);
    if (profile === undefined) {
      const message = 'There is no such profile in your project.';
      return refused(refusal('NOT_FOUND', ['input', 'profileId'], message, { given: profileId }));
    }
    const account = accountFor(catalogue, viewer, provider, wanted);
    if (!account.ok) return account;
    const path = ['input', 'provider'];
    const binding = profile.bindings.find((each) => each.provider === provider);
    if (binding === undefined) {
      const message = `The profile is not bound to ${provider}; bindProfile tells Darkroom what the finetune is called there.`;
      return refused(refusal('CONFLICT', path, message, { given: provider }));
    }
    const { finetuneId, loraUrl } = binding;
    const asked = await askProvider(viewer, account.value.id, { kind: 'CHECK_BINDING', finetuneId, loraUrl }, path);
    if (!asked.ok) return asked;
    const answer = asked.value;
    if (answer.kind === 'CHECKED') return accepted({ verdict: answer.verdict, message: answer.message });
    if (answer.kind === 'UNSUPPORTED') return accepted({ verdict: 'UNKNOWN', message: answer.message });
    const message = answer.kind === 'FAILED' ? answer.message : 'The provider gave another answer.';
    return refused(refusal('PROVIDER_UNAVAILABLE', path, message, { retryable: true }));
  };
}
