// `npm run lock`, after every change of dependencies. A registry mirror that lacks the packages of other platforms makes
// npm write a lock file without them, which `npm ci` then refuses everywhere: this adds them, by the versions that their
// parents name.
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const entrySchema = z.looseObject({
  dev: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lockSchema = z.looseObject({ packages: z.record(z.string(), entrySchema) });

const systems: Record<string, string> = { windows: 'win32' };
for (const name of [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]) {
  systems[name] = name;
}
const processors = new Set(['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64']);

const file = new URL('../package-lock.json', import.meta.url);
const lock = lockSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
let added = 0;
for (const [path, { dev, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (`${path}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages) continue;
    const words = name.replace(/^@[^/]+\//, '').split('-');
    const os = words.flatMap((word) => systems[word] ?? []);
    const cpu = words.filter((word) => processors.has(word));
    const libc = words.flatMap((word) =>
      word.startsWith('gnu') ? ['glibc'] : word.startsWith('musl') ? ['musl'] : [],
    );
    const entry = {
      version,
      cpu,
      ...(dev === true ? { dev } : {}),
      ...(libc.length > 0 ? { libc } : {}),
      optional: true,
      os,
    };
    if (os.length !== 1 || cpu.length !== 1)
      throw new Error(`${name} names no platform; add it to the lock file by hand.`);
    lock.packages[`node_modules/${name}`] = entry;
    added += 1;
  }
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([one], [other]) => (one < other ? -1 : 1)));
writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.log(`${added} packages of other platforms added.`);
