import {
  keepingOf,
  type Keeping,
  type KeepingDefaults,
  type Keepings,
  type KeepingSettings,
  type Weight,
} from '../domain/keeping.js';
import type { Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import { DarkroomError } from '../errors.js';

/** A hundred years. */
const mostDays = 36_500;

export type StorageState = { keeping: Keeping; weight: Weight };

export type StorageService = {
  /** What the viewer's project keeps and has. */
  state(viewer: Viewer): Promise<StorageState>;
  /** Sets what is given of a project, the viewer's own where none is named. For operators. */
  set(viewer: Viewer, request: Partial<KeepingSettings> & { project: string | null }): Promise<Checked<StorageState>>;
};

/** What projects keep: how long, and how many bytes of images. */
export function createStorageService(parts: {
  keepings: Keepings;
  defaults: KeepingDefaults;
  /** Called when something was set. */
  onSet: () => void;
}): StorageService {
  const { keepings, defaults } = parts;

  async function stateOf(projectId: string): Promise<StorageState> {
    const [settings, weight] = await Promise.all([keepings.settings(projectId), keepings.weight(projectId)]);
    return { keeping: keepingOf(settings, defaults), weight };
  }

  return {
    state: async ({ projectId }) => await stateOf(projectId),

    async set(viewer, { project, ...settings }) {
      if (!viewer.operator) {
        throw new DarkroomError('FORBIDDEN', "Only an operator's key may set what projects keep.");
      }
      const wrong = [
        ...check('generationDays', settings.generationDays, mostDays),
        ...check('eventDays', settings.eventDays, mostDays),
        ...check('imageDays', settings.imageDays, mostDays),
        ...check('imageQuotaBytes', settings.imageQuotaBytes, Number.MAX_SAFE_INTEGER),
      ];
      if (wrong.length > 0) return refused(...wrong);
      const projectId = project === null ? viewer.projectId : await keepings.projectBySlug(project);
      if (projectId === null) {
        return refused(refusal('NOT_FOUND', ['input', 'project'], 'There is no such project.', { given: project }));
      }
      await keepings.set(projectId, settings);
      parts.onSet();
      return accepted(await stateOf(projectId));
    },
  };
}

function check(name: string, given: number | null | undefined, maximum: number): Refusal[] {
  if (given == null || (given >= 0 && given <= maximum)) return [];
  const message = `${name} must be from 0 to ${maximum}, or null for the server's setting; ${given} was given.`;
  return [refusal('OUT_OF_RANGE', ['input', name], message, { minimum: 0, maximum, given })];
}
