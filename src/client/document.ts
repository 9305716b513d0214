/** What is asked of each message. `test/unit/client-document.test.ts` holds the types below to the schema. */
export const followDocument = `subscription Follow($filter: GenerationEventFilter, $after: String) {
  generationEvents(filter: $filter, after: $after) {
    __typename
    ... on EventsSnapshot {
      cursor
      running { ...Followed }
    }
    ... on GenerationEvent {
      cursor
      position
      version
      status
      previousStatus
      attempt
      code
      control
      provider
      at
      generationId
      generation { ...Followed }
    }
    ... on EventsEnd {
      reason
      resumeAfter
      message
    }
  }
}
fragment Followed on Generation {
  id
  version
  status
  progress
  prompt
  tags
  error { code message }
  images { id url contentType width height thumbhash }
  createdAt
  updatedAt
}`;

export type GenerationStatus =
  | 'QUEUED'
  | 'SUBMITTING'
  | 'UNCONFIRMED'
  | 'RUNNING'
  | 'SAVING'
  | 'SUCCEEDED'
  | 'MODERATED'
  | 'FAILED'
  | 'EXPIRED'
  | 'CANCELED';

export type ControlKind = 'NONE' | 'CANNY' | 'DEPTH' | 'FILL';

/** Which events; all conditions must hold. */
export type FollowFilter = {
  status?: readonly GenerationStatus[];
  profileId?: string;
  control?: readonly ControlKind[];
  provider?: readonly string[];
};

/** A generation as it is when the message is made. */
export type FollowedGeneration = {
  id: string;
  version: number;
  status: GenerationStatus;
  /** 0 to 1, where the provider reports it. */
  progress: number | null;
  prompt: string;
  tags: readonly string[];
  error: { code: string; message: string | null } | null;
  images: readonly {
    id: string;
    url: string;
    contentType: string;
    width: number;
    height: number;
    thumbhash: string;
  }[];
  /** ISO 8601. */
  createdAt: string;
  updatedAt: string;
};

/** One change of a generation. */
export type FollowedEvent = {
  cursor: string;
  /** Its place in the order of all events. */
  position: number;
  /** The generation's version that this change made: 1, 2, 3 … */
  version: number;
  status: GenerationStatus;
  previousStatus: GenerationStatus | null;
  attempt: number | null;
  code: string | null;
  control: ControlKind;
  provider: string;
  at: string;
  generationId: string;
  /** As it is now, which may be ahead of the event; null when it was deleted since. */
  generation: FollowedGeneration | null;
};

export type WireMessage =
  | { __typename: 'EventsSnapshot'; cursor: string; running: readonly FollowedGeneration[] }
  | ({ __typename: 'GenerationEvent' } & FollowedEvent)
  | {
      __typename: 'EventsEnd';
      reason: 'CURSOR_TOO_OLD' | 'TOO_SLOW' | 'STOPPING';
      resumeAfter: string | null;
      message: string;
    };
