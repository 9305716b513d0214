import { describe, expect, it } from 'vitest';
import { createHub } from '../../src/events/hub.js';
import { idAt, makeEvent } from './fakes.js';

const [mine, theirs] = [idAt(1), idAt(2)];
const [one, other] = [idAt(101), idAt(102)];

describe('the hub', () => {
  it('hands every event to every listener of its project, in order, and to nobody else', () => {
    const hub = createHub();
    const heard: string[] = [];
    hub.onTopic({ projectId: mine, profileId: null }, (event) => heard.push(`a${event.position}`));
    hub.onTopic({ projectId: mine, profileId: null }, (event) => heard.push(`b${event.position}`));
    hub.onTopic({ projectId: theirs, profileId: null }, (event) => heard.push(`c${event.position}`));
    hub.publish([1, 2, 3].map((position) => makeEvent(position, { projectId: position === 2 ? theirs : mine })));
    expect(heard).toEqual(['a1', 'b1', 'c2', 'a3', 'b3']);
  });

  it('calls a listener for one profile only for events of that profile, in that project', () => {
    const hub = createHub();
    const heard: number[] = [];
    hub.onTopic({ projectId: mine, profileId: one }, ({ position }) => heard.push(position));
    hub.publish([
      makeEvent(1, { projectId: mine, profileId: one }),
      makeEvent(2, { projectId: mine, profileId: other }),
      makeEvent(3, { projectId: theirs, profileId: one }),
      makeEvent(4, { projectId: mine, profileId: null }),
      makeEvent(5, { projectId: mine, profileId: one }),
    ]);
    expect(heard).toEqual([1, 5]);
  });

  it('knows how far it has published, and never goes back', () => {
    const hub = createHub();
    hub.moveTo(7);
    expect(hub.position()).toBe(7);
    hub.publish([makeEvent(8), makeEvent(9)]);
    hub.moveTo(3);
    expect(hub.position()).toBe(9);
  });

  it('tells the listeners of a generation that it changed, by an event or a touch', () => {
    const hub = createHub();
    let [calls, others] = [0, 0];
    hub.onGeneration(one, () => (calls += 1));
    hub.onGeneration(other, () => (others += 1));
    hub.publish([makeEvent(1, { generationId: one }), makeEvent(2, { generationId: one })]);
    hub.touch(one);
    expect([calls, others]).toEqual([3, 0]);
  });

  it('does not call whoever stopped listening, however often they say so', () => {
    const hub = createHub();
    const heard: number[] = [];
    const stop = hub.onTopic({ projectId: mine, profileId: null }, ({ position }) => heard.push(position));
    hub.publish([makeEvent(1, { projectId: mine })]);
    stop();
    stop();
    hub.publish([makeEvent(2, { projectId: mine })]);
    expect(heard).toEqual([1]);
  });

  it('keeps a newcomer when somebody who left before says so again', () => {
    const hub = createHub();
    const heard: number[] = [];
    const stop = hub.onTopic({ projectId: mine, profileId: null }, () => undefined);
    stop();
    hub.onTopic({ projectId: mine, profileId: null }, ({ position }) => heard.push(position));
    stop();
    hub.publish([makeEvent(1, { projectId: mine })]);
    expect(heard).toEqual([1]);
  });

  it('lets a listener leave while it is being called, and the others still hear', () => {
    const hub = createHub();
    const heard: string[] = [];
    const stop = hub.onTopic({ projectId: mine, profileId: null }, () => {
      heard.push('first');
      stop();
    });
    hub.onTopic({ projectId: mine, profileId: null }, () => heard.push('second'));
    hub.publish([makeEvent(1, { projectId: mine }), makeEvent(2, { projectId: mine })]);
    expect(heard).toEqual(['first', 'second', 'second']);
  });

  it('keeps nothing of those who left', () => {
    const hub = createHub();
    const stops = Array.from({ length: 100 }, (_, n) => [
      hub.onTopic({ projectId: idAt(n), profileId: null }, () => undefined),
      hub.onGeneration(idAt(1_000 + (n % 10)), () => undefined),
    ]).flat();
    expect(hub.listeners()).toBe(200);
    expect(hub.watched()).toHaveLength(10);
    for (const stop of stops) stop();
    expect(hub.listeners()).toBe(0);
    expect(hub.watched()).toEqual([]);
  });

  it('names a generation as watched while at least one listens', () => {
    const hub = createHub();
    const stops = [hub.onGeneration(one, () => undefined), hub.onGeneration(one, () => undefined)];
    stops[0]?.();
    expect(hub.watched()).toEqual([one]);
    stops[1]?.();
    expect(hub.watched()).toEqual([]);
  });

  it('takes events and touches that nobody listens to', () => {
    const hub = createHub();
    hub.publish([makeEvent(1)]);
    hub.touch(one);
    expect(hub.listeners()).toBe(0);
  });
});
