import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { plain, startBench } from './harness.js';

test('every request is written down, a submit with its fingerprint', async () => {
  const { post, look, sandbox } = await startBench();
  const body = { finetune_id: 'f', prompt: 'a boat', colour: 'blue' };
  await post(plain, body);
  await post(plain, body);
  await post(plain, {}, null);
  const [task, second] = sandbox.tasks();
  await look(task?.id ?? '');

  const key = createHash('sha256').update('test-key').digest('hex').slice(0, 12);
  const fingerprint = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const common = { method: 'POST', path: `/v1/${plain}`, answered: true, keyLeaked: false };
  const submit = { number: 1, model: plain, fingerprint, repeats: 0, prompt: 'a boat', ignored: ['colour'] };
  expect(sandbox.log()).toEqual([
    { ...common, n: 1, at: expect.any(Number), key, submit, task: task?.id, status: 200 },
    {
      ...common,
      n: 2,
      at: expect.any(Number),
      key,
      submit: { ...submit, number: 2, repeats: 1 },
      task: second?.id,
      status: 200,
    },
    {
      ...common,
      n: 3,
      at: expect.any(Number),
      key: null,
      submit: expect.objectContaining({ number: 3, prompt: null }),
      task: null,
      status: 403,
    },
    {
      ...common,
      n: 4,
      at: expect.any(Number),
      key,
      method: 'GET',
      path: `/v1/get_result?id=${task?.id}`,
      submit: null,
      task: null,
      status: 200,
    },
  ]);
});

test('a key sent to the delivery host is noticed', async () => {
  const { finish, sandbox } = await startBench();
  const sample = (await finish('p')).result?.sample ?? '';
  await (await fetch(sample)).arrayBuffer();
  await (await fetch(sample, { headers: { 'x-key': 'test-key' } })).arrayBuffer();
  expect(
    sandbox
      .log()
      .slice(-2)
      .map(({ keyLeaked, status }) => [keyLeaked, status]),
  ).toEqual([
    [false, 200],
    [true, 200],
  ]);
});

test('log, tasks and words can be read over HTTP, and reading them is not logged', async () => {
  const { submit, url, sandbox } = await startBench();
  const { id } = await submit('p');
  const lines = (await (await fetch(`${url}/sandbox/log`)).text()).trim().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual(sandbox.log());
  expect(lines).toHaveLength(1);
  expect(await (await fetch(`${url}/sandbox/tasks`)).json()).toMatchObject({
    tasks: [{ id, number: 1, phase: 'queued' }],
  });
  expect(await (await fetch(`${url}/sandbox/words`)).json()).toHaveProperty('moderated.description');
});

test('the log is bounded', async () => {
  const { look, sandbox } = await startBench({ logLimit: 5 });
  for (let i = 0; i < 8; i++) await look('x');
  expect(sandbox.log().map(({ n }) => n)).toEqual([4, 5, 6, 7, 8]);
});
