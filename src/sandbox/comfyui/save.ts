import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import { annotatedName, insideOf, type Files, type StoredFile } from './files.js';
import { classOf, inputsOf } from './graph.js';
import type { Item, Ui } from './item.js';
import { readMeaning } from './meaning.js';
import { PythonError } from './python.js';

const resultWishes = ['expired', 'html', 'not-an-image', 'huge'] as const;

/** The image that a node means by a name, or null. */
export function findImage(files: Files, name: string): StoredFile | null {
  const known = annotatedName(name);
  return known === null ? null : files.get(known);
}

/** Where `filename_prefix` puts pictures. Throws PythonError when that is outside of the folder. */
function place(prefix: string, width: number, height: number, at: number): { subfolder: string; stem: string } {
  const now = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const words: Readonly<Record<string, string>> = {
    width: String(width),
    height: String(height),
    year: String(now.getUTCFullYear()),
    month: two(now.getUTCMonth() + 1),
    day: two(now.getUTCDate()),
    hour: two(now.getUTCHours()),
    minute: two(now.getUTCMinutes()),
    second: two(now.getUTCSeconds()),
  };
  const path = insideOf(prefix.replaceAll(/%(\w+)%/g, (whole, word: string) => words[word] ?? whole));
  if (path === null)
    throw new PythonError('Exception', 'ERROR: Saving image outside the output folder is not allowed.');
  const subfolder = posix.dirname(path);
  return { subfolder: subfolder === '.' ? '' : subfolder, stem: posix.basename(path) };
}

/** PNG text chunks: the graph, and whatever the client wanted to be kept with it. */
function textOf({ graph, extra }: Item): Record<string, string> {
  const info = extra['extra_pnginfo'];
  const more = typeof info === 'object' && info !== null ? Object.entries(info) : [];
  return Object.fromEntries([['prompt', graph], ...more].map(([key, value]) => [key, JSON.stringify(value)]));
}

/** Makes the pictures of an output node: files in `output`, or in `temp` when it only shows them. */
export function savePictures(item: Item, node: string, files: Files, at: number): Ui {
  const { graph, task } = item;
  const { recipe } = readMeaning(graph, node, (name) => findImage(files, name));
  const kept = classOf(graph, node) === 'SaveImage';
  const prefix = kept ? String(inputsOf(graph, node)['filename_prefix']) : `ComfyUI_temp_${task.delivery.slice(0, 5)}`;
  const { subfolder, stem } = place(prefix, recipe.width, recipe.height, at);
  const folder = kept ? 'output' : 'temp';
  const text = textOf(item);
  const wish = kept ? (resultWishes.find((word) => task.wish[word] !== undefined) ?? null) : null;
  const count = task.wish['no-image'] === undefined ? recipe.batch : 0;
  const images = Array.from({ length: count }, (_, index) => {
    const number = files.nextNumber({ folder, subfolder, name: stem });
    const name = `${stem}_${String(number).padStart(5, '0')}_.png`;
    const one = { ...recipe, seed: recipe.seed + index, batch: 1 };
    files.put({ folder, subfolder, name, content: { kind: 'drawn', id: randomUUID(), recipe: one, text, wish } });
    return { filename: name, subfolder, type: folder };
  });
  return { images };
}
