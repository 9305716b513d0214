import type { ModerationStage } from '../domain/lifecycle.js';

const moderated = /\bnsfw\b|content[ _]polic|content[ _]checker|safety (checker|filter|system)|\bflagged\b|\bmoderat/i;

/** Whether a failure in words is about what was asked for or drawn, for providers that have no status for it. */
export function saysModerated(text: string): boolean {
  return moderated.test(text);
}

/** What was found fault with; the picture where the words leave it open. Advice to try another prompt says nothing of it. */
export function stageIn(text: string): ModerationStage {
  return /(^|\b(your|the|this|input) )(prompt|input)\b/i.test(text) && !/\boutput/i.test(text) ? 'INPUT' : 'OUTPUT';
}
