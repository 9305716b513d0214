import { z } from 'zod';
import type { Api, Variables } from './api.js';

/** A profile of the viewer's project that is bound like this; gives its id. */
export async function boundProfile(api: Api, bindings: readonly Variables[]): Promise<string> {
  const created = await api.ask(
    z.object({ createProfile: z.object({ profile: z.object({ id: z.string() }) }) }),
    'mutation { createProfile(input: { slug: "jar", name: "Jar", triggerWord: "JAR" }) { profile { id } } }',
  );
  const { id: profileId } = created.createProfile.profile;
  const document = 'mutation ($input: BindProfileInput!) { bindProfile(input: $input) { userErrors { code } } }';
  const bound = z.object({ bindProfile: z.object({ userErrors: z.tuple([]) }) });
  for (const binding of bindings) await api.ask(bound, document, { input: { profileId, ...binding } });
  return profileId;
}

const routeSchema = z.object({
  model: z.string(),
  account: z.string(),
  state: z.string(),
  reason: z.object({ code: z.string(), message: z.string() }).nullable(),
});
const adjustmentSchema = z.object({
  parameter: z.string(),
  asked: z.unknown(),
  sent: z.unknown(),
  source: z.string(),
  reason: z.string(),
});

/** What a generation and an estimate tell of their routes. */
export const routedSchema = z.object({
  route: routeSchema.nullable(),
  routes: z.array(routeSchema),
  adjustments: z.array(adjustmentSchema),
});
const route = 'model account state reason { code message }';
export const routedFields = `route { ${route} } routes { ${route} } adjustments { parameter asked sent source reason }`;

const generationSchema = routedSchema.extend({
  provider: z.string(),
  events: z.array(z.object({ status: z.string(), code: z.string().nullable(), provider: z.string() })),
});

export async function routedOf(api: Api, id: string): Promise<z.infer<typeof generationSchema>> {
  const document = `query ($id: ID!) { generation(id: $id) { provider ${routedFields} events { status code provider } } }`;
  return (await api.ask(z.object({ generation: generationSchema }), document, { id })).generation;
}
