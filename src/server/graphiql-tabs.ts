/** A tab that GraphiQL opens with. Its title in the page is the name of the operation. */
export interface GraphiqlTab {
  readonly query: string;
}

const LIST_PROFILES = `# The profiles are your project's finetuned models.
# Run this with the play button or Ctrl-Enter, and
# copy a profile's id for the next tab.
query ListProfiles {
  viewer {
    project {
      name
    }
  }
  profiles(first: 10) {
    nodes {
      id
      slug
      name
    }
  }
}
`;

const GENERATE = `# Put a profile's id in place of prf_…
mutation GenerateFromPrompt {
  generateFromPrompt(
    input: {
      profileId: "prf_…"
      prompt: "A lighthouse at dusk, long exposure"
    }
  ) {
    generation {
      id
      status
    }
    userErrors {
      code
      message
      path
    }
  }
}
`;

const WATCH_ALL = `# First what is running, then every change as it comes.
# Leave it running here, and generate in a second window.
subscription WatchEvents {
  generationEvents {
    __typename
    ... on EventsSnapshot {
      cursor
      running {
        id
        status
      }
    }
    ... on GenerationEvent {
      position
      status
      at
      generation {
        id
        images {
          url
        }
      }
    }
  }
}
`;

const WATCH_ONE = `# Put a generation's id in place of gen_… and follow it
# until its images are ready.
subscription WatchGeneration {
  generationChanged(id: "gen_…") {
    id
    status
    progress
    images {
      url
    }
  }
}
`;

/** The first tabs a newcomer sees. */
export const GRAPHIQL_TABS: readonly GraphiqlTab[] = [
  { query: LIST_PROFILES },
  { query: GENERATE },
  { query: WATCH_ALL },
  { query: WATCH_ONE },
];
