import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { attemptMove, generationMove } from '../../src/domain/change.js';
import { generationErrorCodes } from '../../src/domain/generation.js';
import {
  attemptSourcesOf,
  attemptStates,
  attemptTransitions,
  generationStatuses,
  generationTransitions,
  isTerminal,
  liveStatuses,
  slotStates,
  sourcesOf,
  terminalStatuses,
} from '../../src/domain/lifecycle.js';

type Table = Readonly<Record<string, readonly string[]>>;

const document = readFileSync(new URL('../../docs/lifecycle.md', import.meta.url), 'utf8');
const machines: readonly { name: string; table: Table; start: string }[] = [
  { name: 'Generation', table: generationTransitions, start: 'QUEUED' },
  { name: 'Attempt', table: attemptTransitions, start: 'INTENDED' },
];

function reachableFrom(table: Table, start: string): Set<string> {
  const reached = new Set([start]);
  // A Set is walked in the order of adding, what is added on the way included.
  for (const state of reached) for (const next of table[state] ?? []) reached.add(next);
  return reached;
}

function edgesOf(table: Table): string[] {
  return Object.entries(table).flatMap(([from, targets]) => targets.map((to) => `${from} --> ${to}`));
}

function sectionOf(name: string): string {
  const [, section = ''] = document.split(`\n## ${name}\n`);
  return section.split('\n## ')[0] ?? '';
}

describe.each(machines)('the machine of the $name', ({ name, table, start }) => {
  it('leads from every state that is not final to a final one', () => {
    const stuck = Object.keys(table).filter(
      (state) => ![...reachableFrom(table, state)].some((reached) => table[reached]?.length === 0),
    );
    expect(stuck).toEqual([]);
  });

  it('reaches every state from its first, and knows all that it leads to', () => {
    expect([...reachableFrom(table, start)].toSorted(compare)).toEqual(Object.keys(table).toSorted(compare));
  });

  it('never changes to the same state, nor lists a change twice', () => {
    for (const [from, targets] of Object.entries(table)) {
      expect(targets).not.toContain(from);
      expect(new Set(targets).size).toBe(targets.length);
    }
  });

  it('is drawn in the documentation, edge by edge, with its start and its ends', () => {
    const drawing = /```mermaid\nstateDiagram-v2\n([^`]*)```/.exec(sectionOf(name))?.[1] ?? '';
    const ends = Object.keys(table).filter((state) => table[state]?.length === 0);
    const wanted = [`[*] --> ${start}`, ...edgesOf(table), ...ends.map((state) => `${state} --> [*]`)];
    const drawn = drawing.trim().split('\n');
    expect(drawn.map((line) => line.trim())).toEqual(wanted);
  });

  it('has every state explained there, with who may change it', () => {
    const rows = sectionOf(name).matchAll(/^\| ([A-Z]+) \| (\S[^|]+\.) \| (\S[^|]+\.) \|$/gm);
    const explained = [...rows].map(([, state = '', , who]) => [state, who === 'Nobody.']);
    expect(explained).toEqual(Object.entries(table).map(([state, targets]) => [state, targets.length === 0]));
  });
});

describe('a status of a generation', () => {
  it('is either live or final', () => {
    expect([...liveStatuses, ...terminalStatuses].toSorted(compare)).toEqual(generationStatuses.toSorted(compare));
    expect(terminalStatuses).toEqual(['SUCCEEDED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED']);
    for (const status of generationStatuses) expect(isTerminal(status)).toBe(terminalStatuses.includes(status));
  });

  it('comes from exactly the statuses whose targets name it', () => {
    const edges = generationStatuses.flatMap((to) => sourcesOf(to).map((from) => `${from} --> ${to}`));
    expect(edges.toSorted(compare)).toEqual(edgesOf(generationTransitions).toSorted(compare));
  });

  it('can be canceled and can fail as long as it is live', () => {
    expect(sourcesOf('CANCELED')).toEqual(liveStatuses);
    expect(sourcesOf('FAILED')).toEqual(liveStatuses);
  });

  it('is a success only after saving', () => {
    expect(sourcesOf('SUCCEEDED')).toEqual(['SAVING']);
  });

  it('goes back to the queue only from where nothing may have been accepted or the proof of that may still come', () => {
    expect(sourcesOf('QUEUED')).toEqual(['SUBMITTING', 'UNCONFIRMED']);
  });
});

describe('a state of an attempt', () => {
  it('comes from exactly the states whose targets name it', () => {
    const edges = attemptStates.flatMap((to) => attemptSourcesOf(to).map((from) => `${from} --> ${to}`));
    expect(edges.toSorted(compare)).toEqual(edgesOf(attemptTransitions).toSorted(compare));
  });

  it('holds a slot until it is final', () => {
    expect(slotStates).toEqual(['INTENDED', 'SENT', 'ACCEPTED']);
  });

  it('never goes back to before it was sent, and is not refused any more once accepted', () => {
    expect(attemptSourcesOf('INTENDED')).toEqual([]);
    expect(attemptSourcesOf('SENT')).toEqual(['INTENDED']);
    expect(attemptSourcesOf('REFUSED')).toEqual(['INTENDED', 'SENT']);
  });
});

describe('a move', () => {
  it('is allowed from wherever the table says', () => {
    for (const to of generationStatuses) expect(generationMove(to)).toEqual({ from: sourcesOf(to), to });
    for (const to of attemptStates) {
      expect(attemptMove(2, 'me', to)).toEqual({ from: attemptSourcesOf(to), to, n: 2, instanceId: 'me' });
    }
  });

  it('may be allowed from fewer states, and carries its details', () => {
    const details = { from: ['SAVING'], errorCode: 'RESULT_EXPIRED' } as const;
    expect(generationMove('EXPIRED', details)).toEqual({ ...details, to: 'EXPIRED' });
    expect(attemptMove(1, null, 'LOST', { from: ['SENT'], looks: 3 })).toEqual({
      from: ['SENT'],
      looks: 3,
      n: 1,
      instanceId: null,
      to: 'LOST',
    });
  });
});

it('every code of a bad end is explained in a sentence', () => {
  for (const [code, sentence] of Object.entries(generationErrorCodes)) {
    expect(code).toMatch(/^[A-Z_]+$/);
    expect(sentence).toMatch(/^[A-Z].+\.$/);
  }
});

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
