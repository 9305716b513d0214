import { describe, expect, it } from 'vitest';
import { leavingFor, nextRoute } from '../../src/domain/fallback.js';
import { generationErrorCodes, type GenerationErrorCode } from '../../src/domain/generation.js';
import type { PlannedRoute, RouteChange } from '../../src/domain/planned-route.js';
import { standingKey, type Standing } from '../../src/domain/standing.js';

const at = new Date('2026-03-01T12:00:00Z');
const well: Standing = { pauses: new Map(), retirements: new Map(), health: new Map() };

function route(model: string, details: Partial<PlannedRoute> = {}): PlannedRoute {
  const [provider = ''] = model.split('/');
  const way = {
    finetuneId: `${provider}-1`,
    loraUrl: null,
    triggerWord: provider.toUpperCase(),
    parameters: { steps: 20 },
    adjustments: [],
    pixels: 100,
    priceMicros: 7,
    reserveMicros: 7,
  };
  return { provider, model, account: provider, way, reason: null, timesLeft: 0, ...details };
}

const routes = [route('bfl/one'), route('bfl/two'), route('fal/one'), route('comfyui/one')];
const on = (model: string, of: readonly PlannedRoute[] = routes) => ({
  prompt: 'a jar',
  model,
  account: model.split('/')[0] ?? '',
  routes: of,
});

function leave(code: GenerationErrorCode, from = on('bfl/one'), standing = well): RouteChange | null {
  const leaving = leavingFor(code);
  return leaving === null ? null : nextRoute(from, { ...leaving, reason: { code, message: 'why' } }, standing);
}

describe('a certain refusal', () => {
  it('leads on for these codes only, and never for what may be moderation', () => {
    // Object.keys is typed as string[]; these are exactly the table's keys.
    const codes = Object.keys(generationErrorCodes) as GenerationErrorCode[];
    expect(codes.filter((code) => leave(code) !== null)).toEqual([
      'MODEL_RETIRED_UPSTREAM',
      'FINETUNE_UNKNOWN',
      'PROVIDER_UNAUTHORIZED',
      'PROVIDER_OUT_OF_CREDITS',
      'PROVIDER_BUSY',
      'PROVIDER_UNREACHABLE',
    ]);
  });

  it('leads to another account before another model of the same', () => {
    expect(leave('MODEL_RETIRED_UPSTREAM')?.model).toBe('fal/one');
    const alone = on('bfl/one', routes.slice(0, 2));
    expect(leave('MODEL_RETIRED_UPSTREAM', alone)?.model).toBe('bfl/two');
    for (const code of ['PROVIDER_UNAUTHORIZED', 'FINETUNE_UNKNOWN'] as const) expect(leave(code, alone)).toBeNull();
  });

  it('changes all that is sent, and notes why the other was left', () => {
    expect(leave('FINETUNE_UNKNOWN')).toEqual({
      provider: 'fal',
      model: 'fal/one',
      account: 'fal',
      finetuneId: 'fal-1',
      loraUrl: null,
      promptSent: 'FAL, a jar',
      parameters: { steps: 20 },
      pixels: 100,
      costEstimatedMicros: 7,
      routes: [
        { ...routes[0], way: null, reason: { code: 'FINETUNE_UNKNOWN', message: 'why' }, timesLeft: 1 },
        ...routes.slice(1),
      ],
    });
  });

  it('skips what is paused, seems retired or cannot be taken', () => {
    const pause = { account: 'fal', code: 'X', message: 'x', pausedAt: at, probeAt: null };
    const retirement = { account: 'comfyui', model: 'comfyui/one', since: at, message: 'x' };
    const standing: Standing = {
      ...well,
      pauses: new Map([['fal', pause]]),
      retirements: new Map([[standingKey('comfyui', 'comfyui/one'), retirement]]),
    };
    expect(leave('PROVIDER_OUT_OF_CREDITS', on('bfl/one'), standing)).toBeNull();
    const doubtful = {
      ...standing,
      retirements: new Map([[standingKey('comfyui', 'comfyui/one'), { ...retirement, since: null }]]),
    };
    expect(leave('PROVIDER_OUT_OF_CREDITS', on('bfl/one'), doubtful)?.model).toBe('comfyui/one');
    const closed = [route('bfl/one'), route('fal/one', { way: null })];
    expect(leave('PROVIDER_BUSY', on('bfl/one', closed))).toBeNull();
  });
});

it('two providers that come and go do not send a generation to and fro for ever', () => {
  let moves = 0;
  let generation = on('bfl/one', [route('bfl/one'), route('fal/one')]);
  for (;;) {
    const change = leave('PROVIDER_UNREACHABLE', generation);
    if (change === null) break;
    moves += 1;
    generation = on(change.model, change.routes);
    expect(moves).toBeLessThan(10);
  }
  expect(moves).toBe(3);
});
