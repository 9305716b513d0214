/** What is asked of every server, each in its own dialect. */
export const workloadNames = ['page', 'rich', 'submit'] as const;
export type WorkloadName = (typeof workloadNames)[number];

export const peerNames = ['bare', 'mercurius', 'postgraphile'] as const;
export type PeerName = (typeof peerNames)[number];
/** `other` is Darkroom too, of another checkout. */
export const serverNames = ['darkroom', 'other', ...peerNames] as const;
export type ServerName = (typeof serverNames)[number];

/** One HTTP request, repeated as it is, and what a right answer must contain, and how often. */
export type Ask = {
  method: 'GET' | 'POST';
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  marker: string;
  times: number;
};

/** Who asks Darkroom: a project to submit to and another that has the history. */
export type Fixture = {
  submitKey: string;
  profileId: string;
  historyKey: string;
  historyProjectId: string;
};

const pageLength = 20;

const input = {
  prompt: 'A glass bottle of amber perfume on wet black stone, one warm light from the left, shallow depth of field',
  width: 1024,
  height: 768,
  steps: 40,
  guidance: 2.5,
  seed: 42,
};

const documents = {
  darkroom: {
    submit: `mutation Submit($input: GenerateFromPromptInput!) {
      generateFromPrompt(input: $input) { generation { id status createdAt } userErrors { code message path } }
    }`,
    page: `query Page($first: Int!) { generations(first: $first) { nodes { id status prompt createdAt } } }`,
    rich: `query Rich($first: Int!) { generations(first: $first) { nodes {
      id status prompt promptSent control createdAt finishedAt
      parameters { width height steps guidance }
      profile { slug name }
      images { url width height thumbhash }
    } } }`,
  },
  mercurius: {
    submit: `mutation Submit($input: SubmitInput!) { submit(input: $input) { generation { id status createdAt } } }`,
    page: `query Page($first: Int!) { generations(first: $first) { nodes { id status prompt createdAt } } }`,
    rich: `query Rich($first: Int!) { richGenerations(first: $first) { nodes {
      id status prompt promptSent control createdAt finishedAt
      parameters { width height steps guidance }
      profile { slug name }
      images { url width height thumbhash }
    } } }`,
  },
  postgraphile: {
    page: `query Page($first: Int!, $project: UUID!) {
      allGenerations(first: $first, orderBy: PRIMARY_KEY_DESC, condition: { projectId: $project }) {
        nodes { rowId status prompt createdAt }
      }
    }`,
    rich: `query Rich($first: Int!, $project: UUID!) {
      allGenerations(first: $first, orderBy: PRIMARY_KEY_DESC, condition: { projectId: $project }) { nodes {
        rowId status prompt promptSent control createdAt finishedAt parameters
        profile { slug name }
        generationImages(condition: { role: RESULT }) { nodes { image { rowId token width height thumbhash } } }
      } }
    }`,
  },
} as const;

/** Null where the server has no part in the workload. */
export function askOf(server: ServerName, workload: WorkloadName, fixture: Fixture): Ask | null {
  const right = workload === 'submit' ? { marker: '"QUEUED"', times: 1 } : { marker: '"createdAt"', times: pageLength };
  switch (server) {
    case 'darkroom':
    case 'other': {
      const key = workload === 'submit' ? fixture.submitKey : fixture.historyKey;
      const variables =
        workload === 'submit' ? { input: { ...input, profileId: fixture.profileId } } : { first: pageLength };
      const headers = { authorization: `Bearer ${key}` };
      return { ...graphql(documents.darkroom[workload], variables, headers), ...right };
    }
    case 'bare':
      return workload === 'submit'
        ? { ...post('/submit', input), ...right }
        : { method: 'GET', path: `/${workload}?first=${pageLength}`, headers: {}, body: '', ...right };
    case 'mercurius': {
      const variables = workload === 'submit' ? { input } : { first: pageLength };
      return { ...graphql(documents.mercurius[workload], variables), ...right };
    }
    case 'postgraphile': {
      const variables = { first: pageLength, project: fixture.historyProjectId };
      return workload === 'submit' ? null : { ...graphql(documents.postgraphile[workload], variables), ...right };
    }
  }
}

function graphql(
  query: string,
  variables: object,
  headers: Record<string, string> = {},
): Omit<Ask, 'marker' | 'times'> {
  return post('/graphql', { query, variables }, headers);
}

function post(path: string, body: object, headers: Record<string, string> = {}): Omit<Ask, 'marker' | 'times'> {
  return {
    method: 'POST',
    path,
    headers: { ...headers, accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
