import type { Files } from './files.js';
import type { ComfyProcess } from './process.js';
import type { Shelf } from './object-info.js';
import type { Installed } from './installed.js';
import type { Sockets } from './sockets.js';
import type { BoundedMap } from '../bounded.js';
import type { Task } from '../task.js';
import type { World } from '../world.js';

/** What every route of the pretend ComfyUI is given. */
export type Comfy = {
  readonly world: World;
  readonly old: boolean;
  readonly process: ComfyProcess;
  readonly files: Files;
  readonly sockets: Sockets;
  readonly installed: Installed;
  readonly shelf: Shelf;
  /** The newest task of each prompt id. */
  readonly tasks: BoundedMap<Task>;
};

/** All prompts of this server are its own, whoever sent them: it knows no users. */
export const owner = 'comfyui';
