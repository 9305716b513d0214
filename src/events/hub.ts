import type { GenerationEvent } from '../domain/generation.js';

export type Listener = (event: GenerationEvent) => void;

/** Hands each event to whoever listens to its project or its generation. Listeners never see another project's. */
export type Hub = {
  publish(events: readonly GenerationEvent[]): void;
  /** Both give back how to stop listening. */
  onProject(projectId: string, listener: Listener): () => void;
  /** Called for every change of one generation, its progress at the provider included. */
  onGeneration(generationId: string, listener: () => void): () => void;
  /** The generations that somebody listens to. */
  watched(): string[];
  /** Something about a generation changed that is no event. */
  touch(generationId: string): void;
  /** How many listeners there are. */
  listeners(): number;
};

export function createHub(): Hub {
  const projects = new Map<string, Set<Listener>>();
  const generations = new Map<string, Set<() => void>>();

  function listen<L>(topics: Map<string, Set<L>>, key: string, listener: L): () => void {
    const listeners = topics.get(key) ?? new Set<L>();
    topics.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && topics.get(key) === listeners) topics.delete(key);
    };
  }

  function touch(generationId: string): void {
    for (const listener of generations.get(generationId) ?? []) listener();
  }

  return {
    publish(events) {
      for (const event of events) {
        for (const listener of projects.get(event.projectId) ?? []) listener(event);
        touch(event.generationId);
      }
    },
    onProject: (projectId, listener) => listen(projects, projectId, listener),
    onGeneration: (generationId, listener) => listen(generations, generationId, listener),
    watched: () => [...generations.keys()],
    touch,
    listeners: () => [...projects.values(), ...generations.values()].reduce((sum, set) => sum + set.size, 0),
  };
}
