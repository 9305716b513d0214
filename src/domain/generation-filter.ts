import type { ControlKind, GenerationStatus } from './lifecycle.js';

/** Which generations; all conditions must hold. */
export type GenerationFilter = {
  status?: readonly GenerationStatus[] | null;
  profileId?: string | null;
  control?: readonly ControlKind[] | null;
  provider?: readonly string[] | null;
  /** Cells of this sweep. */
  sweepId?: string | null;
  /** From this time on, inclusive. */
  createdFrom?: Date | null;
  /** Until this time, exclusive. */
  createdTo?: Date | null;
};
