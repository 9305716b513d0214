import type { AccountPause as PauseRecord } from '../domain/standing.js';
import { Field, ObjectType } from './decorators.js';
import { DateTime } from './scalars.js';

@ObjectType({ description: 'Why a provider account takes no submits at present. What waits for it keeps waiting.' })
export class AccountPause {
  @Field(() => String, {
    description:
      'PROVIDER_OUT_OF_CREDITS, PROVIDER_UNAUTHORIZED (both by the provider), CIRCUIT_OPEN (it does not answer as it should), or PAUSED_BY_OPERATOR.',
  })
  code: string;

  @Field(() => String, { description: 'In words, as last found.' })
  message: string;

  @Field(() => DateTime, { description: 'Since when.' })
  since: Date;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When it is asked next, by a call that costs nothing, whether it is mended; null: an operator paused it.',
  })
  nextProbeAt: Date | null;
}

export function pauseNode(pause: PauseRecord | null): AccountPause | null {
  if (pause === null) return null;
  const { code, message, pausedAt: since, probeAt: nextProbeAt } = pause;
  return { code, message, since, nextProbeAt };
}
