import type { GenerationEvent } from '../domain/generation.js';

export type Listener = (event: GenerationEvent) => void;

/** What a listener of the log hears of: one project's events, or only those of one of its profiles. */
export type Topic = { projectId: string; profileId: string | null };

/**
 * Hands each event to whoever listens to its project, its profile or its generation, so that an event costs only those
 * whom it may interest. Listeners never see another project's.
 */
export type Hub = {
  publish(events: readonly GenerationEvent[]): void;
  /** Everything up to this position counts as published: where a relay begins. */
  moveTo(position: number): void;
  /** The position up to which events were published here. A listener hears every later one. */
  position(): number;
  /** Both give back how to stop listening. */
  onTopic(topic: Topic, listener: Listener): () => void;
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
  const topics = new Map<string, Set<Listener>>();
  const generations = new Map<string, Set<() => void>>();
  let published = 0;
  let count = 0;

  function listen<L>(keys: Map<string, Set<L>>, key: string, listener: L): () => void {
    const listeners = keys.get(key) ?? new Set<L>();
    keys.set(key, listeners.add(listener));
    count += 1;
    return () => {
      if (!listeners.delete(listener)) return;
      count -= 1;
      if (listeners.size === 0 && keys.get(key) === listeners) keys.delete(key);
    };
  }

  function tell(key: string, event: GenerationEvent): void {
    const listeners = topics.get(key);
    if (listeners !== undefined) for (const listener of listeners) listener(event);
  }

  function touch(generationId: string): void {
    for (const listener of generations.get(generationId) ?? []) listener();
  }

  return {
    publish(events) {
      for (const event of events) {
        published = Math.max(published, event.position);
        tell(keyOf(event.projectId, null), event);
        if (event.profileId !== null) tell(keyOf(event.projectId, event.profileId), event);
        touch(event.generationId);
      }
    },
    moveTo(position) {
      published = Math.max(published, position);
    },
    position: () => published,
    onTopic: ({ projectId, profileId }, listener) => listen(topics, keyOf(projectId, profileId), listener),
    onGeneration: (generationId, listener) => listen(generations, generationId, listener),
    watched: () => [...generations.keys()],
    touch,
    listeners: () => count,
  };
}

function keyOf(projectId: string, profileId: string | null): string {
  return profileId === null ? projectId : `${projectId}/${profileId}`;
}
