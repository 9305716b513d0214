import { parseArgs } from 'node:util';
import { disturbanceNames } from './disturbances.js';
import { longForm, shortForm, type ChaosOptions } from './options.js';
import { show } from './report.js';
import { runChaos } from './run.js';

/** `npm run chaos`: kills, pauses and starves a whole Darkroom while it works, and judges what came of it. */
const help = `npm run chaos -- [options]

  --short              the short form, as in npm test
  --generations <n>    at least so many (10000)
  --only <a,b>         these disturbances only, in this order, again and again:
                       ${disturbanceNames.slice(0, 6).join(', ')},
                       ${disturbanceNames.slice(6).join(', ')}
  --no-faults          the provider does nothing wrong
  --seed <text>        what is left to chance (chaos)
  --logs <folder>      keep the logs of all processes there
  --sources            run the sources, not what was built`;

function readOptions(): ChaosOptions | null {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      generations: { type: 'string' },
      only: { type: 'string' },
      'no-faults': { type: 'boolean', default: false },
      seed: { type: 'string', default: 'chaos' },
      logs: { type: 'string' },
      sources: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const form = values.short ? shortForm : longForm;
  const generations = Number(values.generations ?? form.generations);
  if (!Number.isInteger(generations) || generations < 1) throw new Error(`--generations must be a whole number from 1`);
  const wanted = values.only?.split(',');
  const only = wanted?.flatMap((name) => disturbanceNames.filter((known) => known === name));
  if (only?.length !== wanted?.length)
    throw new Error(`--only takes ${disturbanceNames.join(', ')}; not ${values.only}`);
  return {
    ...form,
    generations,
    seed: values.seed,
    logs: values.logs ?? null,
    built: !values.sources,
    faults: values['no-faults'] ? {} : form.faults,
    disturbances: only === undefined ? form.disturbances : [only],
    say: (line) => console.log(line),
  };
}

const options = readOptions();
if (options === null) {
  console.log(help);
} else {
  const report = await runChaos(options);
  console.log(show(report));
  process.exitCode = report.violations.length === 0 ? 0 : 1;
}
