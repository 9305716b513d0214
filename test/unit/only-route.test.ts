import { expect, it } from 'vitest';
import { publicId } from '../../src/domain/ids.js';
import { createPrepare, type PrepareRequest } from '../../src/service/generate.js';
import { stands } from '../support/standing.js';
import { fakeImages, fakeProfiles, fakeReader, idAt, makeModel, makeProfile, valueOf, viewer } from './fakes.js';

const accounts = ['one', 'two'].map((id) => ({ id, provider: 'bfl', sandbox: false, projects: null, limit: 24 }));
const prepare = createPrepare({
  catalogue: { accounts, models: [makeModel()] },
  standing: stands(),
  runMsOf: () => null,
  profiles: fakeProfiles(makeProfile()),
  reader: fakeReader(fakeImages()),
  deadlineMs: 1_000,
});
const request: PrepareRequest = {
  control: 'NONE',
  profileId: publicId('FinetuneProfile', idAt(10)),
  prompt: 'a bottle',
  parameters: {},
  images: {},
  provider: null,
  model: null,
  strict: false,
  tags: [],
  subject: null,
  priority: 0,
  deadlineSeconds: null,
};

it('keeps the other routes of a request, unless it must stay with the one it takes', async () => {
  const free = valueOf(await prepare(viewer, request)).row;
  expect(free).toMatchObject({ account: 'one', routes: [{ account: 'one' }, { account: 'two' }] });
  const held = valueOf(await prepare(viewer, { ...request, onlyRoute: true })).row;
  expect(held).toMatchObject({ account: 'one', routes: null });
});
