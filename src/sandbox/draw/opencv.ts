import { createRequire } from 'node:module';

type Mat = { readonly data: Uint8Array; delete(): void };

/** The few members of OpenCV that are used here. */
type OpenCv = {
  readonly CV_8UC1: number;
  readonly CV_8UC3: number;
  readonly COLOR_RGB2GRAY: number;
  readonly Mat: new (rows?: number, columns?: number, type?: number) => Mat;
  cvtColor(from: Mat, to: Mat, code: number): void;
  Canny(image: Mat, edges: Mat, low: number, high: number, aperture: number, l2: boolean): void;
};

type Loading = { onRuntimeInitialized?: () => void };

function isLoading(value: unknown): value is Loading {
  return typeof value === 'object' && value !== null;
}

function isOpenCv(value: unknown): value is OpenCv {
  return isLoading(value) && 'Canny' in value && 'cvtColor' in value && 'Mat' in value;
}

function crashListeners(): Set<unknown> {
  return new Set([...process.listeners('uncaughtException'), ...process.listeners('unhandledRejection')]);
}

/** Takes off the listeners for the process's last-resort errors that have come since `before`. */
function dropCrashListeners(before: ReadonlySet<unknown>): void {
  for (const listener of process.listeners('uncaughtException')) {
    if (!before.has(listener)) process.removeListener('uncaughtException', listener);
  }
  for (const listener of process.listeners('unhandledRejection')) {
    if (!before.has(listener)) process.removeListener('unhandledRejection', listener);
  }
}

/**
 * Loads the WebAssembly module. It must not be awaited itself: it has a `then` that passes on the very same object, so
 * `await` would never come back. It also hooks itself into the process's last-resort error events, where it has no
 * business.
 */
async function load(): Promise<{ cv: OpenCv }> {
  const before = crashListeners();
  const loading: unknown = createRequire(import.meta.url)('@techstark/opencv-js');
  dropCrashListeners(before);
  if (!isLoading(loading)) throw new Error('the OpenCV module is not what was expected');
  await new Promise<void>((resolve) => {
    if (isOpenCv(loading)) resolve();
    else loading.onRuntimeInitialized = resolve;
  });
  if (!isOpenCv(loading)) throw new Error('the OpenCV module has no Canny');
  return { cv: loading };
}

let loaded: Promise<{ cv: OpenCv }> | null = null;

/**
 * OpenCV's Canny with aperture 3 and the L1 gradient on the grey values of RGB pixels: 255 on an edge, else 0.
 * The library (12 MB) is loaded at the first call, once per process.
 */
export async function cannyEdges(
  rgb: Buffer,
  width: number,
  height: number,
  low: number,
  high: number,
): Promise<Buffer> {
  loaded ??= load();
  const { cv } = await loaded;
  const colour = new cv.Mat(height, width, cv.CV_8UC3);
  const grey = new cv.Mat();
  const edges = new cv.Mat();
  try {
    colour.data.set(rgb);
    cv.cvtColor(colour, grey, cv.COLOR_RGB2GRAY);
    cv.Canny(grey, edges, low, high, 3, false);
    return Buffer.from(edges.data);
  } finally {
    for (const mat of [colour, grey, edges]) mat.delete();
  }
}
