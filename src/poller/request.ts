import type { ImageRecord } from '../domain/generation.js';
import { attemptUuid } from '../domain/ids.js';
import { imageInputNames, type ImageInputName } from '../domain/model.js';
import type { AttemptRef } from '../domain/ports.js';
import type { OrderedItem } from '../domain/work-item.js';
import { webhookSecret, webhookToken } from '../domain/webhook.js';
import { DarkroomError } from '../errors.js';
import type { SubmitImage, SubmitRequest } from '../providers/provider.js';
import type { PollerParts, ServedAccount } from './parts.js';

/** What goes to the provider; null when an input image is gone or damaged. Throws when an image may be read later. */
export async function requestOf(
  parts: PollerParts,
  served: ServedAccount,
  { order, attempt }: OrderedItem,
  webhookKey: Buffer | null,
): Promise<SubmitRequest | null> {
  const { generation } = order;
  const read = async (image: ImageRecord): Promise<SubmitImage | 'lost'> => {
    try {
      const bytes = await parts.bytes.read({ projectId: image.projectId, sha256: image.sha256 });
      return bytes === null ? 'lost' : { id: image.id, bytes, width: image.width, height: image.height };
    } catch (error) {
      // INTERNAL is the store's word for damaged bytes; anything else may pass.
      if (error instanceof DarkroomError && error.code === 'INTERNAL') return 'lost';
      throw error;
    }
  };
  const images: Partial<Record<ImageInputName, SubmitImage>> = {};
  for (const name of imageInputNames) {
    const image = order.images[name];
    const bytes = image === undefined ? null : await read(image);
    if (bytes === 'lost') return null;
    if (bytes !== null) images[name] = bytes;
  }
  const ref = { generationId: generation.id, n: attempt.n };
  const model = generation.model.slice(generation.provider.length + 1);
  return {
    key: attemptUuid(ref),
    model,
    endpoint: parts.models.get(generation.model)?.name ?? model,
    control: generation.control,
    prompt: generation.promptSent,
    finetuneId: generation.finetuneId,
    loraUrl: generation.loraUrl,
    parameters: generation.parameters,
    images,
    webhook: webhookOf(served, ref, webhookKey),
  };
}

function webhookOf(served: ServedAccount, ref: AttemptRef, key: Buffer | null): SubmitRequest['webhook'] {
  if (served.webhookUrl === null || key === null) return null;
  const url = `${served.webhookUrl}/webhooks/${served.account.provider}/${webhookToken(key, ref)}`;
  return { url, secret: webhookSecret(key) };
}
