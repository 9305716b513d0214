import { createRequire } from 'node:module';
import { expect } from 'vitest';

type Mat = { data: Uint8Array };
type Cv = {
  onRuntimeInitialized?: () => void;
  Mat?: new () => Mat;
  matFromArray(rows: number, columns: number, type: number, data: Uint8Array): Mat;
  cvtColor(from: Mat, to: Mat, code: number): void;
  Canny(from: Mat, to: Mat, low: number, high: number): void;
};

/**
 * Canny by the library itself, called here in its plainest form and apart from the sandbox's own wrapper: 8-bit greys of
 * RGB pixels (type 16, conversion 7), default aperture and gradient.
 */
export async function recomputeCanny(
  rgb: Buffer,
  width: number,
  height: number,
  low: number,
  high: number,
): Promise<Uint8Array> {
  const cv: Cv = createRequire(import.meta.url)('@techstark/opencv-js');
  await expect.poll(() => typeof cv.Mat).toBe('function');
  if (cv.Mat === undefined) throw new Error('not loaded');
  const [grey, edges] = [new cv.Mat(), new cv.Mat()];
  cv.cvtColor(cv.matFromArray(height, width, 16, rgb), grey, 7);
  cv.Canny(grey, edges, low, high);
  return edges.data.slice();
}
