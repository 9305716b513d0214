import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DemoError, help, readOptions } from '../../examples/demo/options.js';
import { createMeter, describe as inWords, fractionOf, progressLine } from '../../examples/demo/progress.js';
import { failure, money, refusal, success } from '../../examples/demo/report.js';
import type { GenerationViewFragment } from '../../examples/generated/graphql.js';
import { generationStatuses, generationTransitions } from '../../src/domain/lifecycle.js';

const made: GenerationViewFragment = {
  id: 'gen_1',
  status: 'SUCCEEDED',
  version: 5,
  progress: null,
  promptSent: 'TRIGGER, a cat',
  seed: 7,
  moderationStage: null,
  error: null,
  model: { id: 'bfl/flux' },
  attempts: [{ account: 'bfl' }],
  images: [{ id: 'img_1', url: 'http://h/images/1', contentType: 'image/jpeg', width: 768, height: 512, bytes: 2_048 }],
  cost: { estimatedMicros: 50_000, quotedMicros: null, settledMicros: null },
  timings: { queuedMs: 250, runMs: 4_000, totalMs: 4_250 },
};

describe('the options of the demo', () => {
  const read = (...args: string[]) => readOptions(args, {});

  it('has a default for everything', () => {
    const options = read();
    expect(options).toMatchObject({
      url: 'http://localhost:4000',
      mayStart: true,
      seed: null,
      strength: null,
      out: null,
    });
    expect(options?.image).toMatch(/examples.control\.jpg$/);
    expect(options?.dataFolder).toBe(join(process.cwd(), '.darkroom'));
  });

  it('takes port, key and data folder from the environment; an empty variable is none', () => {
    const set = { PORT: '4501', DARKROOM_API_KEY: 'dk_1', DARKROOM_DATA: '/data' };
    expect(readOptions([], set)).toMatchObject({ url: 'http://localhost:4501', apiKey: 'dk_1', dataFolder: '/data' });
    const elsewhere = { ...set, DARKROOM_URL: 'https://h' };
    expect(readOptions([], elsewhere)).toMatchObject({ url: 'https://h', mayStart: false });
    expect(readOptions(['--url', 'http://h:1'], elsewhere)).toMatchObject({ url: 'http://h:1' });
    const empty = { DARKROOM_URL: '', PORT: '', DARKROOM_API_KEY: '', DARKROOM_DATA: '' };
    expect(readOptions([], empty)).toMatchObject({ url: 'http://localhost:4000', apiKey: null });
  });

  it.each([
    ['http://h:1', 'http://h:1'],
    ['http://h:1/', 'http://h:1'],
    ['https://h/graphql', 'https://h'],
    ['https://h/darkroom/', 'https://h/darkroom'],
  ])('reads the address %s and starts no server there', (given, url) => {
    expect(read('--url', given)).toMatchObject({ url, mayStart: false });
  });

  it('reads numbers, and leaves their ranges to the server', () => {
    expect(read('--seed', '7', '--strength', '9.5')).toMatchObject({ seed: 7, strength: 9.5 });
  });

  it('resolves files from where npm was called, and keeps the slash of a folder', () => {
    const npm = { npm_lifecycle_event: 'demo', INIT_CWD: '/somewhere' };
    const options = readOptions(['--image', 'a.png', '--out', 'pictures/'], npm);
    expect(options).toMatchObject({ image: '/somewhere/a.png', out: '/somewhere/pictures/', folder: '/somewhere' });
  });

  it.each([[['--seed', 'x']], [['--strength', '']], [['--url', 'h:1']], [['--bogus']], [['stray']], [['--out']]])(
    'refuses %j as wrong usage',
    (args) => {
      expect(() => read(...args)).toThrow(expect.objectContaining({ name: DemoError.name, exitCode: 2 }));
    },
  );

  it('gives help, which names every option', () => {
    expect(read('--help')).toBeNull();
    for (const name of ['prompt', 'image', 'seed', 'strength', 'profile', 'out', 'url'])
      expect(help).toContain(`--${name} `);
  });
});

describe('the progress of a generation', () => {
  it('never falls along any change of the lifecycle but the one back to QUEUED', () => {
    for (const from of generationStatuses) {
      for (const to of generationTransitions[from].filter((status) => status !== 'QUEUED')) {
        expect(fractionOf({ status: to, progress: 0 }), `${from} to ${to}`).toBeGreaterThanOrEqual(
          fractionOf({ status: from, progress: 0 }),
        );
      }
    }
    expect(fractionOf({ status: 'RUNNING', progress: 1 })).toBeLessThan(
      fractionOf({ status: 'SAVING', progress: null }),
    );
  });

  it('says how far the provider is, and why a generation waits again', () => {
    expect(inWords({ status: 'RUNNING', progress: 0.42, error: null })).toBe('RUNNING      42 %');
    const error = { code: 'PROVIDER_BUSY', message: 'come back later' };
    expect(inWords({ status: 'QUEUED', progress: null, error })).toBe('QUEUED       come back later');
  });

  it.each([20, 60, 80])('fits in a terminal of %i columns', (columns) => {
    const error = { code: 'X', message: 'a very long message '.repeat(20) };
    expect(progressLine({ status: 'RUNNING', progress: 0.5, error }, 61_000, columns).length).toBeLessThan(columns);
  });

  it('is one line for each change where there is no terminal', () => {
    const lines: string[] = [];
    let now = 1_000;
    const meter = createMeter({ isTTY: false, columns: 80, write: (text) => lines.push(text) > 0 }, () => now);
    meter.show({ status: 'QUEUED', progress: null, error: null });
    now += 500;
    meter.show({ status: 'QUEUED', progress: null, error: null });
    meter.show({ status: 'RUNNING', progress: 0.5, error: null });
    meter.end();
    expect(lines).toEqual(['    0.0 s  QUEUED\n', '    0.5 s  RUNNING      50 %\n']);
  });

  it('is drawn over in a terminal, and stands at the end', () => {
    const lines: string[] = [];
    const meter = createMeter({ isTTY: true, columns: 80, write: (text) => lines.push(text) > 0 });
    meter.show({ status: 'RUNNING', progress: 0.5, error: null });
    meter.end();
    expect(lines.at(0)).toMatch(/^\r.*RUNNING/);
    expect(lines.at(-1)).toBe('\n');
  });
});

describe('the report', () => {
  it('prefers what is settled to what was quoted, and that to the estimate', () => {
    expect(money({ settledMicros: 60_000, quotedMicros: 50_000, estimatedMicros: 40_000 })).toBe('$0.0600');
    expect(money({ settledMicros: null, quotedMicros: 50_000, estimatedMicros: 40_000 })).toBe('$0.0500 (quoted)');
    expect(money({ settledMicros: null, quotedMicros: null, estimatedMicros: 40_000 })).toBe('$0.0400 (estimated)');
    expect(money({ settledMicros: null, quotedMicros: null, estimatedMicros: null })).toBe('unknown');
  });

  it('says where the picture is, what it took and what it cost', () => {
    const text = success(made, 'darkroom-gen_1.jpg');
    for (const part of [
      'darkroom-gen_1.jpg (768 x 512, 2 KiB)',
      'http://h/images/1',
      '4.3 s (0.3 s waiting',
      '$0.0500',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('sandbox');
    expect(success({ ...made, attempts: [{ account: 'sandbox' }] }, 'x')).toContain('pretended');
  });

  it.each([
    ['MODERATED', 'INPUT', /refused the prompt/],
    ['MODERATED', 'OUTPUT', /withheld/],
    ['FAILED', null, /no picture/],
    ['EXPIRED', null, /before it could be saved/],
    ['CANCELED', null, /stopped/],
  ] as const)('says why a generation ended as %s %s', (status, moderationStage, words) => {
    const text = failure({ ...made, status, moderationStage, error: { code: 'SOME_CODE', message: 'a reason' } });
    expect(text).toMatch(words);
    expect(text).toContain('SOME_CODE: a reason');
    expect(text).toContain('gen_1');
  });

  it('lists everything that was wrong with the input', () => {
    const text = refusal([
      { code: 'OUT_OF_RANGE', message: 'must be from 0 to 2', path: ['input', 'finetuneStrength'], retryable: false },
      { code: 'REQUIRED', message: 'give a prompt', path: ['input', 'prompt'], retryable: false },
    ]);
    expect(text).toContain('input.finetuneStrength: must be from 0 to 2 (OUT_OF_RANGE)');
    expect(text).toContain('input.prompt: give a prompt (REQUIRED)');
  });
});
