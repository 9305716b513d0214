import { DarkroomError } from '../errors.js';
import type { Viewer } from '../domain/ports.js';
import type { Loaders } from './loaders.js';
import type { Services } from './services.js';

/** What every resolver gets. */
export type Context = {
  viewer: Viewer | null;
  /** Names this request in answers and in the log. */
  requestId: string;
  services: Services;
  loaders: Loaders;
};

/** The viewer, or the error that asks for a credential. */
export function viewerOf(context: Context): Viewer {
  if (context.viewer !== null) return context.viewer;
  throw new DarkroomError('UNAUTHENTICATED', 'Send an API key: `Authorization: Bearer <key>`.');
}
