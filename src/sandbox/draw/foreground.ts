import { css, shade } from './palette.js';
import type { Frame } from './frame.js';

const number = (value: number): string => value.toFixed(1);

function pine(x: number, foot: number, tall: number): string {
  let path = '';
  for (let tier = 0; tier < 4; tier++) {
    const [top, wide] = [foot - tall * (1 - tier * 0.2), tall * (0.09 + tier * 0.05)];
    path += `M${number(x)} ${number(top)}l${number(wide)} ${number(tall * 0.34)}h${number(-2 * wide)}z`;
  }
  return `${path}M${number(x - tall * 0.02)} ${number(foot)}v${number(-tall * 0.12)}h${number(tall * 0.04)}v${number(tall * 0.12)}z`;
}

function pines({ width, height, palette, luck }: Frame): string {
  let shapes = '';
  for (const [row, tone] of [0.14, 0.04].entries()) {
    let path = '';
    for (let x = -20; x < width + 20; x += width * (0.012 + luck() * 0.035)) {
      const tall = height * (0.1 + luck() * 0.1) * (row === 0 ? 0.8 : 1.25);
      path += pine(x, height * (row === 0 ? 0.93 : 1.02), tall);
    }
    shapes += `<path d="${path}" fill="${css(shade(palette, tone))}"/>`;
  }
  return shapes;
}

function skyline({ width, height, palette, luck }: Frame, horizon: number): string {
  let shapes = '';
  for (const [row, tone] of [0.34, 0.2, 0.05].entries()) {
    let [walls, windows] = ['', ''];
    for (let x = -10; x < width;) {
      const wide = width * (0.025 + luck() * 0.05);
      const top = horizon + (height - horizon) * (row * 0.24 - 0.5 + luck() * 0.5);
      walls += `M${number(x)} ${height}V${number(top)}h${number(wide)}V${height}z`;
      const cell = width * 0.009;
      for (let wy = top + cell; wy < height - cell; wy += cell * 1.9) {
        for (let wx = x + cell * 0.7; wx < x + wide - cell; wx += cell * 1.5) {
          if (luck() < 0.22)
            windows += `M${number(wx)} ${number(wy)}h${number(cell * 0.7)}v${number(cell * 0.9)}h${number(-cell * 0.7)}z`;
        }
      }
      x += wide * (1 + luck() * 0.25);
    }
    shapes += `<path d="${walls}" fill="${css(shade(palette, tone))}"/><path d="${windows}" fill="${css(palette.accent)}" fill-opacity="${0.35 + row * 0.25}"/>`;
  }
  return shapes;
}

function water({ width, height, palette, luck }: Frame, horizon: number): string {
  const top = horizon + (height - horizon) * 0.42;
  const [light, deep] = palette.dark ? [0.36, 0.04] : [0.8, 0.24];
  const stops = `<stop offset="0" stop-color="${css(shade(palette, light))}"/><stop offset="1" stop-color="${css(shade(palette, deep))}"/>`;
  let glints = '';
  for (let i = 0; i < 130; i++) {
    const near = luck();
    const [x, y, long] = [
      luck() * width,
      top + near ** 1.6 * (height - top),
      width * (0.008 + near * 0.06) * (0.5 + luck()),
    ];
    glints += `<path d="M${number(x)} ${number(y)}q${number(long / 2)} ${number(-1.5 - near * 3)} ${number(long)} 0" stroke-width="${number(0.8 + near * 2)}" stroke-opacity="${number(0.25 + luck() * 0.5)}"/>`;
  }
  return (
    `<defs><linearGradient id="water" x1="0" y1="0" x2="0" y2="1">${stops}</linearGradient></defs><rect y="${number(top)}" width="${width}" height="${number(height - top)}" fill="url(#water)"/>` +
    `<g fill="none" stroke="${css(palette.accent)}" stroke-linecap="round">${glints}</g>`
  );
}

function house({ width, height, palette, luck }: Frame): string {
  const [x, foot, w] = [width * (0.2 + luck() * 0.5), height * 0.9, Math.min(width, height) * 0.16];
  const wall = css(shade(palette, 0.12));
  const window = (dx: number): string =>
    `M${number(x + w * dx)} ${number(foot - w * 0.42)}h${number(w * 0.16)}v${number(w * 0.2)}h${number(-w * 0.16)}z`;
  return (
    `<path d="M${number(x)} ${number(foot + 4)}v${number(-w * 0.6)}l${number(w / 2)} ${number(-w * 0.42)}l${number(w / 2)} ${number(w * 0.42)}v${number(w * 0.6)}z" fill="${wall}"/>` +
    `<path d="${window(0.2)}${window(0.62)}" fill="${css(palette.accent)}"/>`
  );
}

const choices: readonly { words: readonly string[]; draw: (frame: Frame, horizon: number) => string }[] = [
  { words: ['forest', 'tree', 'trees', 'wood', 'jungle', 'pine', 'winter', 'snow'], draw: pines },
  { words: ['city', 'skyline', 'street', 'neon', 'cyberpunk', 'tower', 'building', 'buildings'], draw: skyline },
  { words: ['sea', 'ocean', 'water', 'lake', 'river', 'wave', 'waves', 'beach', 'boat'], draw: water },
  { words: ['house', 'home', 'cabin', 'hut', 'castle', 'village', 'farm'], draw: house },
];

/** What stands in front: what the prompt names first, or else something of the seed's choice. */
export function foreground(frame: Frame, horizon: number, prompt: string): string {
  const said = prompt.toLowerCase().match(/\p{L}+/gu) ?? [];
  const word = said.find((each) => choices.some(({ words }) => words.includes(each)));
  const luck = Math.floor(frame.luck() * (choices.length + 1));
  const choice = word === undefined ? choices[luck] : choices.find(({ words }) => words.includes(word));
  return choice?.draw(frame, horizon) ?? '';
}
