import { keepingOf, type KeepingDefaults, type Keepings } from '../domain/keeping.js';

/** An answer counts for so long: what comes in meanwhile may go beyond the quota. */
const sharedMs = 1_000;
const rememberedAtMost = 10_000;
/** Where the oldest images are removed new ones are refused only this far beyond: nothing is left that may go. */
const reliefFactor = 1.1;

/** A project that has as many bytes of images as it may. */
export type QuotaExcess = { limitBytes: number; usedBytes: number };

export type Quota = {
  /** Null while there is room. Costs nothing when asked often. */
  exceeded(projectId: string): Promise<QuotaExcess | null>;
  /** The settings have changed. */
  forget(): void;
};

/** Holds what the images of a project weigh against its quota. */
export function createQuota(parts: {
  keepings: Pick<Keepings, 'settings' | 'weight'>;
  defaults: KeepingDefaults;
  /** Milliseconds; for tests. */
  now?: () => number;
}): Quota {
  const { keepings, defaults, now = () => performance.now() } = parts;
  const known = new Map<string, { at: number; excess: Promise<QuotaExcess | null> }>();

  async function look(projectId: string): Promise<QuotaExcess | null> {
    const { imageQuotaBytes, imageQuotaFull } = keepingOf(await keepings.settings(projectId), defaults);
    if (imageQuotaBytes === null) return null;
    const { bytes } = await keepings.weight(projectId);
    const most = imageQuotaFull === 'REFUSE' ? imageQuotaBytes : imageQuotaBytes * reliefFactor;
    return bytes < most ? null : { limitBytes: imageQuotaBytes, usedBytes: bytes };
  }

  return {
    async exceeded(projectId) {
      const last = known.get(projectId);
      if (last !== undefined && now() - last.at < sharedMs) return await last.excess;
      if (known.size >= rememberedAtMost) known.clear();
      const excess = look(projectId);
      known.set(projectId, { at: now(), excess });
      // A fault is told to whoever asked, and the next one looks again.
      excess.catch(() => known.delete(projectId));
      return await excess;
    },
    forget: () => known.clear(),
  };
}
