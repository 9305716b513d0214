import { conditioningClasses } from './conditioning.js';
import { imageClasses } from './images.js';
import { loaderClasses } from './loaders.js';
import { samplingClasses } from './sampling.js';
import type { NodeClass } from './specs.js';

/** The node classes that are installed: those of FLUX and LoRA workflows. */
export const nodeClasses: ReadonlyMap<string, NodeClass> = new Map<string, NodeClass>(
  Object.entries({ ...loaderClasses, ...conditioningClasses, ...imageClasses, ...samplingClasses }),
);
