import { makeBed } from './bed.ts';
import { runLoad } from './processes.ts';
import { report } from './report.ts';
import type { Options } from './options.ts';
import { askOf } from './workloads.ts';
import { freePort } from '../src/store/free-port.js';

type Frame = { functionName: string; url: string; lineNumber: number };
type ProfileNode = { id: number; callFrame: Frame; children?: readonly number[] };
type CpuProfile = { nodes: readonly ProfileNode[]; samples: readonly number[]; timeDeltas: readonly number[] };

const shownParts = 40;
const shownFunctions = 40;
const intervalMicros = 250;
/** What one sample counts at most: a longer gap means that the process was off the processor, not that it was busy. */
const sampleAtMostMicros = 2 * intervalMicros;

/** Darkroom alone under V8's profiler, one workload after the other: where the time of its process goes. */
export async function profileServer(options: Options): Promise<void> {
  const port = await freePort();
  const bed = await makeBed({
    rows: options.rows,
    peers: [],
    against: null,
    darkroomFlags: [`--inspect=127.0.0.1:${port}`],
  });
  try {
    const server = bed.servers.get('darkroom');
    if (server === undefined) throw new Error('Darkroom is not there.');
    for (const workload of options.workloads) {
      const ask = askOf('darkroom', workload, bed.fixture);
      if (ask === null) continue;
      const load = { ask, connections: options.connections, measureMs: options.seconds * 1_000 };
      await runLoad(server, { ...load, warmMs: options.warmSeconds * 1_000 }, bed.postmasterPid);
      const profiler = await openProfiler(port);
      const measured = await runLoad(server, { ...load, warmMs: 0 }, bed.postmasterPid);
      print(await profiler.stop());
      console.log(report([{ ...measured, workload, server: 'darkroom', round: 0 }]));
      await bed.rest();
    }
  } finally {
    await bed.stop();
  }
}

/** Speaks to the inspector that the server was started with. */
export async function openProfiler(port: number): Promise<{ stop(): Promise<CpuProfile> }> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown };
    waiting.get(id)?.(result);
  });
  let calls = 0;
  async function call(method: string, params: object = {}): Promise<unknown> {
    const id = (calls += 1);
    socket.send(JSON.stringify({ id, method, params }));
    return await new Promise((resolve) => waiting.set(id, resolve));
  }
  await call('Profiler.enable');
  await call('Profiler.setSamplingInterval', { interval: intervalMicros });
  await call('Profiler.start');
  return {
    async stop() {
      const { profile } = (await call('Profiler.stop')) as { profile: CpuProfile };
      socket.close();
      return profile;
    },
  };
}

export function print(profile: CpuProfile): void {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node])));
  const self = new Map<number, number>();
  profile.samples.forEach((id, index) => {
    self.set(id, (self.get(id) ?? 0) + Math.min(profile.timeDeltas[index] ?? 0, sampleAtMostMicros));
  });
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  let busy = 0;
  let idle = 0;
  for (const [id, micros] of self) {
    const node = nodes.get(id);
    if (node === undefined) continue;
    const { functionName, url, lineNumber } = node.callFrame;
    if (functionName === '(idle)') {
      idle += micros;
      continue;
    }
    busy += micros;
    add(parts, partOf(node, parents), micros);
    add(functions, `${functionName || '(anonymous)'}  ${short(url)}:${lineNumber + 1}`, micros);
  }
  console.log(
    `\nBusy ${((100 * busy) / (busy + idle)).toFixed(0)}% of the time. Of that, by package (Node's own and native`,
  );
  console.log('work counted to the package that asked for it):\n');
  printTop(parts, busy, shownParts);
  console.log('\nBy function, its own time only:\n');
  printTop(functions, busy, shownFunctions);
  console.log();
}

function add(totals: Map<string, number>, name: string, micros: number): void {
  totals.set(name, (totals.get(name) ?? 0) + micros);
}

function printTop(totals: ReadonlyMap<string, number>, whole: number, count: number): void {
  const sorted = [...totals].sort((a, b) => b[1] - a[1]).slice(0, count);
  for (const [name, micros] of sorted) console.log(`${((100 * micros) / whole).toFixed(1).padStart(6)}%  ${name}`);
}

/** The innermost package on the stack. */
function partOf(node: ProfileNode, parents: ReadonlyMap<number, ProfileNode>): string {
  const { functionName } = node.callFrame;
  if (functionName === '(garbage collector)') return functionName;
  for (let at: ProfileNode | undefined = node; at !== undefined; at = parents.get(at.id)) {
    const { url } = at.callFrame;
    const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)(?:\/([^/]+))?/.exec(url);
    if (inPackage !== null) {
      const [, name, folder] = inPackage;
      return name === 'graphql' ? `graphql/${folder ?? ''}` : (name ?? '');
    }
    const inDist = /\/dist\/(.+)\.js$/.exec(url)?.[1];
    if (inDist !== undefined) return `darkroom ${inDist}`;
  }
  return 'Node itself';
}

function short(url: string): string {
  return url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*\/dist\//, 'dist/');
}
