import { cannyEdges } from './opencv.js';
import { mix, type Palette, type Rgb } from './palette.js';
import { glow, open, readControl, tint, toGrey, type Raster } from './raster.js';
import type { Sketch } from './sketch.js';

/** Between these values lies every pixel that is no edge, and no pixel that is one, so that the edges can be read back from the picture. */
const [darkest, lightest] = [28, 226];

/** A drawing whose lines are the control image's own edges at the thresholds asked for, exact to the pixel. */
type EdgeDrawing = {
  base: Raster;
  /** Lays the lines over the finished base. */
  ink: (base: Raster) => Raster;
};

function softSteps(value: number): number {
  // Four flat tones with soft borders, as in a screen print.
  const place = value * 4;
  const step = Math.floor(place);
  const within = place - step;
  const eased = within < 0.5 ? 0.5 * (2 * within) ** 4 : 1 - 0.5 * (2 * (1 - within)) ** 4;
  return Math.min(1, (step + eased) / 4);
}

function drawInk(base: Raster, edges: Buffer, ink: Rgb): Raster {
  const data = Buffer.from(base.data);
  for (let pixel = 0, at = 0; pixel < edges.length; pixel++, at += 3) {
    if (edges[pixel] !== 0) {
      data[at] = ink[0];
      data[at + 1] = ink[1];
      data[at + 2] = ink[2];
    } else {
      for (let i = at; i < at + 3; i++) data[i] = Math.max(darkest, Math.min(lightest, data[i] ?? 0));
    }
  }
  return { ...base, data };
}

/** Paints flat tones of the control image with a glow around its edges; the lines themselves come last. */
export async function drawEdges(sketch: Sketch & { kind: 'canny' }, palette: Palette): Promise<EdgeDrawing> {
  const { width, height } = sketch;
  const control = await readControl(sketch.control, width, height);
  const edges = await cannyEdges(control.data, width, height, sketch.low, sketch.high);
  const lines: Raster = { data: edges, width, height, channels: 1 };

  // Tones come from far fewer pixels than the picture has: only the lines are sharp here.
  const small = { width: Math.max(1, Math.round(width / 4)), height: Math.max(1, Math.round(height / 4)) };
  const soft = Math.max(0.5, Math.min(width, height) / 260);
  const tone = await toGrey(
    open(control)
      .resize({ ...small, fit: 'fill' })
      .blur(soft)
      .resize({ width, height, fit: 'fill' }),
  );
  const [from, span] = palette.dark ? [0.02, 0.66] : [0.3, 0.68];
  const painted = tint(tone, palette, (value) => from + span * softSteps(value));

  const halo = await toGrey(
    open(lines)
      .resize({ ...small, fit: 'fill' })
      .blur(Math.max(0.5, soft * 0.7))
      .linear(palette.dark ? 2.6 : 1.6, 0)
      .resize({ width, height, fit: 'fill' }),
  );
  const colour = palette.dark ? palette.accent : mix(palette.stops[0], palette.stops[1], 0.4);
  const ink: Rgb = palette.dark ? [255, 253, 246] : [14, 12, 18];
  return { base: glow(painted, halo, colour), ink: (base) => drawInk(base, edges, ink) };
}
