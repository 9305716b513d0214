import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import { DarkroomError } from '../errors.js';
import type { EdgeReply, EdgeRequest } from './edges-worker.js';
import { createGate, decodeGate } from './gate.js';
import { uploadLimits } from './limits.js';

/** The range of both thresholds, as at the provider. */
export const cannyThresholds = { minimum: 0, maximum: 500 } as const;

export type Edges = {
  /** White edges on black, 8-bit grey. */
  png: Buffer;
  /** Pixels, upright as displayed; the size of the picture itself. */
  width: number;
  height: number;
  /** Edge pixels among all pixels, 0 to 1. */
  share: number;
};

/** OpenCV keeps the memory of the largest picture it has seen (0.5 GB at 20 megapixels), so its thread is let go. */
const idleMs = 60_000;

// One at a time: each run takes up to 0.5 GB and a whole core.
const oneAtATime = createGate(1);
let worker: Worker | null = null;
let idle: NodeJS.Timeout | undefined;

/**
 * The edges that a Canny model will follow, by OpenCV's own `Canny` (aperture 3, L1 norm). On colour, not on grey: the
 * published FLUX code passes the RGB picture, where the channel with the strongest gradient decides, and its results
 * differ from those on grey. Transparency is dropped as it is there. In full size, for a scaled picture has other edges;
 * 20 megapixels, the most it takes, need 1 to 3 s. Whether the hosted service scales the picture first is not known.
 *
 * `low` and `high` are 0 to 500; OpenCV swaps them when `low` is the greater. Throws BAD_REQUEST outside that range, the
 * decoder's error on a broken picture, and a plain Error when OpenCV fails.
 */
export async function cannyEdges(bytes: Buffer, low: number, high: number): Promise<Edges> {
  checkThreshold('low', low);
  checkThreshold('high', high);
  return oneAtATime(async () => {
    const { data, info } = await decodeGate(() =>
      sharp(bytes, { limitInputPixels: uploadLimits.maxPixels, failOn: uploadLimits.damage, sequentialRead: true })
        .autoOrient()
        .removeAlpha()
        .toColourspace('srgb')
        .raw()
        .toBuffer({ resolveWithObject: true }),
    );
    const { width, height, channels } = info;
    if (channels !== 3) throw new Error(`Three channels were asked of the decoder; it gave ${channels}.`);
    const reply = await ask({ pixels: data, width, height, low, high });
    const png = await sharp(reply.edges, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png({ compressionLevel: 6 })
      .toBuffer();
    return { png, width, height, share: reply.count / (width * height) };
  });
}

/** Ends OpenCV's thread; the next call of `cannyEdges` starts another. A run in flight fails. */
export async function stopEdges(): Promise<void> {
  clearTimeout(idle);
  const stopped = worker;
  worker = null;
  await stopped?.terminate();
}

function checkThreshold(name: string, value: number): void {
  const { minimum, maximum } = cannyThresholds;
  if (value >= minimum && value <= maximum) return;
  throw new DarkroomError('BAD_REQUEST', `The ${name} threshold must be ${minimum} to ${maximum}; it was ${value}.`);
}

// A thread, because OpenCV would block the event loop for up to a second, and because its loader makes any uncaught
// exception or unhandled rejection of the whole process its own. That stays inside the thread.
async function ask(request: EdgeRequest): Promise<EdgeReply> {
  clearTimeout(idle);
  worker ??= start();
  const asked = worker;
  // A run in flight keeps the process alive, a waiting thread does not.
  asked.ref();
  // Taken off one by one: removing all listeners of a worker removes Node's own, and no message arrives any more.
  const over: (() => void)[] = [];
  try {
    return await new Promise<EdgeReply>((resolve, reject) => {
      const onError = (thrown: unknown) => reject(new Error('OpenCV failed to find edges.', { cause: thrown }));
      const onExit = () => reject(new Error('The thread of OpenCV ended during a run.'));
      asked.once('message', resolve).once('error', onError).once('exit', onExit);
      over.push(() => asked.off('message', resolve).off('error', onError).off('exit', onExit));
      asked.postMessage(request, []);
    });
  } catch (error) {
    if (worker === asked) await stopEdges();
    throw error;
  } finally {
    for (const remove of over) remove();
    asked.unref();
    idle = setTimeout(() => void stopEdges(), idleMs).unref();
  }
}

function start(): Worker {
  const started = new Worker(new URL(`./edges-worker${extname(import.meta.url)}`, import.meta.url));
  started.unref();
  // An error without a listener would end the process; and a thread that ended between two runs must not be asked.
  started.on('error', () => undefined);
  started.once('exit', () => {
    if (worker === started) worker = null;
  });
  return started;
}
