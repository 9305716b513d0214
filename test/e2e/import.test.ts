import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom({ sandbox: { finetunes: ['Blue Vase!', 'blue-vase', 'sandbox-ink-sketch'] } });
});

afterAll(async () => {
  await darkroom.stop();
});

const userErrors = z.array(z.object({ code: z.string(), path: z.array(z.string()), message: z.string() }));
const profile = z.object({ slug: z.string(), bindings: z.array(z.object({ finetuneId: z.string().nullable() })) });

async function importProfiles(input: Record<string, unknown>) {
  const document = `mutation ($input: ImportProfilesInput!) { importProfiles(input: $input) {
    imported { slug bindings { finetuneId } } known { slug bindings { finetuneId } } userErrors { code path message }
  } }`;
  const shape = z.object({
    importProfiles: z.object({ imported: z.array(profile), known: z.array(profile), userErrors }),
  });
  return (await darkroom.api.ask(shape, document, { input })).importProfiles;
}

async function checkBinding(input: Record<string, unknown>) {
  const document = `mutation ($input: CheckBindingInput!) {
    checkBinding(input: $input) { verdict message userErrors { code path message } }
  }`;
  const answer = z.object({ verdict: z.string().nullable(), message: z.string().nullable(), userErrors });
  return (await darkroom.api.ask(z.object({ checkBinding: answer }), document, { input })).checkBinding;
}

async function bind(profileId: string, finetuneId: string): Promise<void> {
  await darkroom.api.ask(
    z.unknown(),
    'mutation ($input: BindProfileInput!) { bindProfile(input: $input) { userErrors { code } } }',
    { input: { profileId, provider: 'bfl', finetuneId } },
  );
}

it('imports what the account has and the project does not know, each under a name of its own', async () => {
  const first = await importProfiles({ provider: 'bfl' });
  expect(first.userErrors).toEqual([]);
  expect(first.known).toEqual([{ slug: 'ink-sketch', bindings: [{ finetuneId: 'sandbox-ink-sketch' }] }]);
  expect(first.imported).toEqual([
    { slug: 'blue-vase', bindings: [{ finetuneId: 'Blue Vase!' }] },
    { slug: 'blue-vase-2', bindings: [{ finetuneId: 'blue-vase' }] },
  ]);
  const second = await importProfiles({ provider: 'bfl' });
  expect(second.imported).toEqual([]);
  expect(second.known.map(({ slug }) => slug)).toEqual(['blue-vase', 'blue-vase-2', 'ink-sketch']);
});

it('imports only from an account that there is', async () => {
  expect((await importProfiles({ provider: 'dalle' })).userErrors).toMatchObject([
    { code: 'NO_ROUTE', path: ['input', 'provider'] },
  ]);
  expect((await importProfiles({ provider: 'bfl', account: 'other' })).userErrors).toMatchObject([
    { code: 'NOT_FOUND', path: ['input', 'account'] },
  ]);
});

it("lets nobody but operators see what projects' common account has", async () => {
  const { api: guest } = await darkroom.addProject('guest');
  const { errors } = await guest.send('mutation { importProfiles(input: { provider: "bfl" }) { imported { slug } } }');
  expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
});

it('checks a binding at the provider, for nothing', async () => {
  const profileId = await darkroom.profile('ink-sketch');
  const before = darkroom.sandbox.log().length;
  expect(await checkBinding({ profileId, provider: 'bfl' })).toMatchObject({ verdict: 'VALID', userErrors: [] });
  await bind(profileId, 'no-such-finetune');
  expect(await checkBinding({ profileId, provider: 'bfl' })).toMatchObject({
    verdict: 'INVALID',
    message: 'Finetune not found',
  });
  await bind(profileId, 'sandbox-ink-sketch');
  const asked = darkroom.sandbox.log().slice(before);
  expect(asked.map(({ method, submit }) => [method, submit])).toEqual([
    ['GET', null],
    ['GET', null],
  ]);
});

it('says what cannot be checked', async () => {
  const profileId = await darkroom.profile('ink-sketch');
  expect((await checkBinding({ profileId: 'prf_1', provider: 'bfl' })).userErrors).toMatchObject([
    { code: 'NOT_FOUND', path: ['input', 'profileId'] },
  ]);
  expect((await checkBinding({ profileId, provider: 'nobody' })).userErrors).toMatchObject([{ code: 'NO_ROUTE' }]);
});
