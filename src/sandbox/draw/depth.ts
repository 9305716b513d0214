import type { Palette } from './palette.js';
import { open, readControl, tint, toGrey, toRgb, type Raster } from './raster.js';
import type { Sketch } from './sketch.js';

/** Light from the upper left on a surface whose height is the grey value: grey values again, 128 where it is flat. */
function relief({ data, width, height }: Raster, depth: number): Raster {
  const out = Buffer.allocUnsafe(width * height);
  for (let y = 0; y < height; y++) {
    const [above, below] = [Math.max(0, y - 1) * width, Math.min(height - 1, y + 1) * width];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
      const dx = (data[y * width + right] ?? 0) - (data[y * width + left] ?? 0);
      const dy = (data[below + x] ?? 0) - (data[above + x] ?? 0);
      out[y * width + x] = Math.max(0, Math.min(255, 128 + (dx + dy) * depth));
    }
  }
  return { data: out, width, height, channels: 1 };
}

/** A smooth, clay-like scene in which bright parts of the control image are near and dark ones lie in the haze. */
export async function drawDepth(sketch: Sketch & { kind: 'depth' }, palette: Palette): Promise<Raster> {
  const { width, height } = sketch;
  const control = await readControl(sketch.control, width, height);
  const small = { width: Math.max(1, Math.round(width / 3)), height: Math.max(1, Math.round(height / 3)) };
  const soft = Math.max(0.5, Math.min(width, height) / 500);
  const map = await toGrey(
    open(control)
      .resize({ ...small, fit: 'fill' })
      .median(3)
      .blur(soft)
      .normalise(),
  );
  const painted = tint(map, palette, (value) => 0.08 + 0.86 * value);
  const light = await toGrey(open(relief(map, 4)).blur(1.2));
  const lit = open(painted).composite([
    { input: light.data, raw: { width: map.width, height: map.height, channels: 1 }, blend: 'soft-light' },
  ]);
  return await toRgb(open(await toRgb(lit)).resize({ width, height, fit: 'fill', kernel: 'cubic' }));
}
