/** What is to be drawn. The same sketch always gives the very same bytes. */
export type Sketch = {
  format: 'jpeg' | 'png' | 'webp';
  prompt: string;
  seed: number;
  finetuneId: string;
  /** 0 (no influence) to 2. */
  strength: number;
  /** Where between the upstream's least and most guidance and steps the request lies, 0 to 1. */
  guidance: number;
  steps: number;
  /** Pixels; with a control image, its size after fitting. */
  width: number;
  height: number;
} & (
  | { kind: 'text' }
  /** What a safety checker leaves of a picture. */
  | { kind: 'black' }
  /** Thresholds on OpenCV's scale for 8-bit images and an aperture of 3. */
  | { kind: 'canny'; control: Buffer; low: number; high: number }
  | { kind: 'depth'; control: Buffer }
  /** The mask's white is repainted; without a mask, what is transparent in the image. */
  | { kind: 'fill'; control: Buffer; mask: Buffer | null }
);
