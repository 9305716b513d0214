import type { Profile } from '../domain/generation.js';
import { keyOf } from '../domain/ids.js';
import type { Profiles, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';

/** The profile that a request names, if it may be used. */
export async function findProfile(
  profiles: Pick<Profiles, 'find'>,
  viewer: Pick<Viewer, 'projectId'>,
  publicId: string,
): Promise<Checked<Profile>> {
  const path = ['input', 'profileId'];
  const key = keyOf('FinetuneProfile', publicId);
  const [profile] = key === null ? [] : await profiles.find(viewer.projectId, [key]);
  if (profile === undefined) {
    return refused(refusal('NOT_FOUND', path, 'There is no such profile in your project.', { given: publicId }));
  }
  if (profile.archivedAt !== null) {
    return refused(refusal('CONFLICT', path, `The profile ${profile.slug} is archived.`, { given: publicId }));
  }
  return accepted(profile);
}
