import { parentPort } from 'node:worker_threads';
import cv from '@techstark/opencv-js';

/**
 * The thread in which OpenCV runs. Started by edges.ts from this very file, as TypeScript in development (Node strips
 * the types) or as JavaScript from the build: so it may import packages only, and use no syntax that needs compiling.
 */

export type EdgeRequest = {
  /** Red, green, blue, one byte each, row by row. */
  pixels: Uint8Array;
  width: number;
  height: number;
  low: number;
  high: number;
};

export type EdgeReply = {
  /** One byte a pixel, 0 or 255. */
  edges: Uint8Array<ArrayBuffer>;
  /** Pixels that are an edge. */
  count: number;
};

// The module is a thenable that resolves to itself: awaiting it, or returning it from an async function, never ends.
const ready = new Promise<void>((resolve) => {
  if ('Mat' in cv) resolve();
  else Object.assign(cv, { onRuntimeInitialized: resolve });
});

function findEdges(request: EdgeRequest): EdgeReply {
  const source = new cv.Mat(request.height, request.width, cv.CV_8UC3);
  const result = new cv.Mat();
  try {
    source.data.set(request.pixels);
    cv.Canny(source, result, request.low, request.high);
    return { edges: new Uint8Array(result.data), count: cv.countNonZero(result) };
  } finally {
    source.delete();
    result.delete();
  }
}

async function answer(request: EdgeRequest): Promise<void> {
  await ready;
  const reply = findEdges(request);
  parentPort?.postMessage(reply, [reply.edges.buffer]);
}

// A fault is left to end the thread: after one the state of WebAssembly's memory is unknown.
parentPort?.on('message', (request: EdgeRequest) => void answer(request));
