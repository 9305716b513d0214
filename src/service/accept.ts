import { budgetRefusal, isShortfall } from '../domain/budget.js';
import type { Generation, InputImages, NewGeneration } from '../domain/generation.js';
import { imageInputNames, type ImageInputName, type ParameterName } from '../domain/model.js';
import type { History, Idempotency, Images, Ledger, Viewer } from '../domain/ports.js';
import { accepted, refused, type Checked } from '../domain/refusal.js';
import { checkIdempotencyKey, findRepeated, requestKeyOf } from './idempotency.js';
import { keepImage, refusalWhenLow, storageRefusal, type ImageBytes, type Storage } from './images.js';
import type { CheckedImage } from './input-image.js';

export type CheckedImages = Partial<Record<ImageInputName, CheckedImage>>;

/** A request that was found good; nothing of it is written yet. */
export type Prepared = {
  row: Omit<NewGeneration, 'images' | 'requestKey'>;
  images: CheckedImages;
  /** What is not sent as it was asked for. */
  adjusted: ParameterName[];
};

/** A request as its idempotency key knows it. */
export type Keyed = {
  idempotencyKey: string | null;
  /** All that was asked, by which a repeated request is known. */
  asked: unknown;
  /** The way to the request's fields in refusals. */
  path: readonly string[];
};

export type AcceptOnce = (
  viewer: Viewer,
  keyed: Keyed,
  prepare: () => Promise<Checked<Prepared>>,
) => Promise<Checked<Generation>>;

type Parts = {
  ledger: Pick<Ledger, 'accept'>;
  idempotency: Idempotency;
  history: Pick<History, 'generation'>;
  images: Images;
  bytes: ImageBytes;
  storage: Storage;
};

/**
 * Accepts what `prepare` finds good, once for each idempotency key: everything is checked before anything is written, and
 * when it returns the generation is durable.
 */
export function createAcceptOnce(parts: Parts): AcceptOnce {
  return async (viewer, { idempotencyKey, asked, path }, prepare) => {
    const keyFaults = checkIdempotencyKey(idempotencyKey, path);
    if (keyFaults.length > 0) return refused(...keyFaults);
    const requestKey = requestKeyOf(viewer, idempotencyKey, asked);
    // First of all: what was accepted stays so, even if the profile has been archived since.
    const earlier = requestKey === null ? null : await findRepeated(parts, viewer, requestKey, path);
    if (earlier !== null) return earlier;
    const low = await refusalWhenLow(parts.storage, viewer.projectId, path);
    if (low !== null) return refused(low);
    const prepared = await prepare();
    if (!prepared.ok) return prepared;
    const kept = await keepPrepared(parts, prepared.value, path);
    if (!kept.ok) return kept;
    const generation = await parts.ledger.accept({ ...kept.value, requestKey });
    const short = generation !== null && isShortfall(generation) ? generation : null;
    if (generation !== null && !isShortfall(generation)) return accepted(generation);
    // Also where no budget has it left: the same request may just have been accepted.
    const winner = requestKey === null ? null : await findRepeated(parts, viewer, requestKey, path);
    if (winner === null && short !== null) return refused(budgetRefusal(short, path, 'It'));
    if (winner === null) throw new Error('An idempotency key was taken, and by nobody.');
    return winner;
  };
}

/** Keeps the input images of what was prepared: then it can be written. */
export async function keepPrepared(
  parts: Pick<Parts, 'bytes' | 'images'>,
  { row, images }: Pick<Prepared, 'row' | 'images'>,
  path: readonly string[],
): Promise<Checked<Omit<NewGeneration, 'requestKey'>>> {
  try {
    return accepted({ ...row, images: await keepImages(parts, row.projectId, images) });
  } catch (error) {
    const full = storageRefusal(error, path);
    if (full === null) throw error;
    return refused(full);
  }
}

async function keepImages(
  parts: Pick<Parts, 'bytes' | 'images'>,
  projectId: string,
  images: CheckedImages,
): Promise<InputImages> {
  const kept: Partial<Record<ImageInputName, string>> = {};
  for (const name of imageInputNames) {
    const image = images[name];
    if (image === undefined) continue;
    kept[name] = (image.kind === 'kept' ? image.image : await keepImage(parts, projectId, image.image, image.bytes)).id;
  }
  return kept;
}
