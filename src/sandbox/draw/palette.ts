import { randomFrom } from '../random.js';

export type Rgb = readonly [number, number, number];

/** Five colours from dark to light, and one that stands out. */
export type Palette = { name: string; stops: readonly [Rgb, Rgb, Rgb, Rgb, Rgb]; accent: Rgb; dark: boolean };

type Theme = { words: string; stops: readonly [string, string, string, string, string]; accent: string; dark?: true };

const themes: Readonly<Record<string, Theme>> = {
  night: {
    words: 'night moon midnight star stars dark space',
    stops: ['0b1026', '1b2350', '34407f', '6a73b8', 'c9cff2'],
    accent: 'ffd27a',
    dark: true,
  },
  neon: {
    words: 'neon cyberpunk city skyline street synthwave',
    stops: ['120b2e', '331567', '7a1f9b', 'd8429f', 'ffc2e2'],
    accent: '3ff2e0',
    dark: true,
  },
  sunset: {
    words: 'sunset dusk evening orange fire warm',
    stops: ['2b1640', '7a2c5d', 'd1554f', 'f6a04d', 'ffe3a8'],
    accent: 'fff2c4',
  },
  dawn: {
    words: 'dawn sunrise morning pink rose blossom spring',
    stops: ['33305c', '7a5c94', 'd48aa6', 'f6bfae', 'fff0dc'],
    accent: 'ffd166',
  },
  forest: {
    words: 'forest tree trees wood jungle green leaf moss',
    stops: ['0f2419', '1f4a33', '4a7f4f', '94b86b', 'e6ecc0'],
    accent: 'f4d35e',
  },
  sea: {
    words: 'sea ocean water lake river wave waves beach blue',
    stops: ['0a2540', '14507a', '2f8fb3', '7fcbd1', 'e3f6ee'],
    accent: 'ffb86b',
  },
  desert: {
    words: 'desert sand dune dunes canyon brown gold golden yellow',
    stops: ['3b1f1a', '8a4630', 'cf8348', 'eebb78', 'fcecc9'],
    accent: '2f7f86',
  },
  winter: {
    words: 'winter snow ice mountain mountains cold white',
    stops: ['1d2b40', '4a6484', '86a5bf', 'c2d6e3', 'f6fafc'],
    accent: 'e4572e',
  },
  autumn: {
    words: 'autumn fall red maple harvest bottle wine',
    stops: ['2a1215', '6d1f27', 'b5432f', 'e08b45', 'f8dcab'],
    accent: 'f2b632',
  },
  violet: {
    words: 'violet purple lavender dream magic fantasy',
    stops: ['201335', '4b2b7d', '8a5cc0', 'c6a0e3', 'f4e6fb'],
    accent: 'ffd56b',
  },
  teal: {
    words: 'teal turquoise mint modern glass',
    stops: ['0d2b2d', '14595a', '2e9a8f', '8bd0b5', 'eaf7e4'],
    accent: 'ff7a59',
  },
  mono: {
    words: 'black grey gray noir monochrome ink pencil',
    stops: ['101114', '34373d', '6d7178', 'afb3b8', 'f3f2ee'],
    accent: 'd64545',
  },
};

function fromHex(hex: string): Rgb {
  const value = Number.parseInt(hex, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Turns a colour around the grey axis by `angle` radians (the matrix of the SVG filter `hueRotate`). */
function turn([r, g, b]: Rgb, angle: number): Rgb {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const at = (x: number, y: number, z: number): number => Math.max(0, Math.min(255, Math.round(x * r + y * g + z * b)));
  return [
    at(0.213 + c * 0.787 - s * 0.213, 0.715 - c * 0.715 - s * 0.715, 0.072 - c * 0.072 + s * 0.928),
    at(0.213 - c * 0.213 + s * 0.143, 0.715 + c * 0.285 + s * 0.14, 0.072 - c * 0.072 - s * 0.283),
    at(0.213 - c * 0.213 - s * 0.787, 0.715 - c * 0.715 + s * 0.715, 0.072 + c * 0.928 + s * 0.072),
  ];
}

/** The first word of the prompt that a theme knows decides; if there is none, the finetune does. The seed varies the hue a little. */
export function choosePalette(prompt: string, finetuneId: string, seed: number): Palette {
  const names = Object.keys(themes);
  const said = prompt.toLowerCase().match(/\p{L}+/gu) ?? [];
  const known = said.map((word) => names.find((each) => themes[each]?.words.split(' ').includes(word)));
  const own = names[Math.floor(randomFrom('finetune palette', finetuneId)() * names.length)] ?? 'sea';
  const name = known.find((each) => each !== undefined) ?? own;
  const luck = randomFrom('palette', seed);
  const theme = themes[name] ?? {
    words: '',
    stops: ['000000', '404040', '808080', 'c0c0c0', 'ffffff'] as const,
    accent: 'ff0000',
  };
  const angle = (luck() - 0.5) * 0.5;
  const [a, b, c, d, e] = theme.stops;
  const colour = (hex: string): Rgb => turn(fromHex(hex), angle);
  return {
    name,
    stops: [colour(a), colour(b), colour(c), colour(d), colour(e)],
    accent: fromHex(theme.accent),
    dark: theme.dark ?? false,
  };
}

/** The colour at `position`, 0 (dark) to 1 (light). */
export function shade({ stops }: Palette, position: number): Rgb {
  const place = Math.max(0, Math.min(1, position)) * 4;
  const index = Math.min(3, Math.floor(place));
  return mix(stops[index] ?? stops[0], stops[index + 1] ?? stops[4], place - index);
}

export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const at = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * share);
  return [at(0), at(1), at(2)];
}

export function css([r, g, b]: Rgb): string {
  return `#${((1 << 24) | (r << 16) | (g << 8) | b).toString(16).slice(1)}`;
}
