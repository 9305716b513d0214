import { describe, expect, test } from 'vitest';
import { startComfy, textGraph, type Graph } from './comfyui.js';
import { still } from './images.js';

/** The graph with other inputs in one node. */
function changed(graph: Graph, id: string, inputs: Record<string, unknown>): Graph {
  const node = graph[id];
  return node === undefined ? graph : { ...graph, [id]: { ...node, inputs: { ...node.inputs, ...inputs } } };
}

function without(graph: Graph, id: string, input: string): Graph {
  const node = graph[id];
  if (node === undefined) return graph;
  return {
    ...graph,
    [id]: { ...node, inputs: Object.fromEntries(Object.entries(node.inputs).filter(([name]) => name !== input)) },
  };
}

const graph = textGraph('a boat');

describe('a prompt', () => {
  test('is taken with an id of the server, and numbered', async () => {
    const { post } = await startComfy();
    const first = await post('/prompt', { prompt: graph });
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ prompt_id: expect.stringMatching(/^[0-9a-f-]{36}$/), number: 0, node_errors: {} });
    expect((await post('/api/prompt', { prompt: graph, front: true })).body).toMatchObject({ number: -1 });
    expect((await post('/prompt', { prompt: graph, number: 7.5 })).body).toMatchObject({ number: 7.5 });
    expect((await post('/prompt', { prompt: graph })).body).toMatchObject({ number: 2 });
  });

  test('keeps the id that came with it, and runs twice when it comes twice', async () => {
    const { prompt, advance, history, get, sandbox } = await startComfy();
    const id = '01920000-0000-7000-8000-00000000abcd';
    expect(await prompt(graph, { prompt_id: id })).toBe(id);
    expect(await prompt(textGraph('another'), { prompt_id: id })).toBe(id);
    expect(sandbox.tasks().map((task) => task.request['prompt_id'])).toEqual([id, id]);
    expect(sandbox.tasks()[0]?.id).toBe(id);
    expect(new Set(sandbox.tasks().map((task) => task.id)).size).toBe(2);
    advance(600_000);
    expect((await history(id))?.prompt[0]).toBe(1);
    expect((await get('/view?filename=flux_00002_.png')).status).toBe(200);
  });

  test.each(['01920000-0000-7000-8000-00000000ABCD', '0192000000007000800000000000abcd', 'job-1', 12, {}])(
    'with the id %s is refused',
    async (prompt_id) => {
      const { post, queue } = await startComfy();
      const { status, body } = await post('/prompt', { prompt: graph, prompt_id });
      expect(status).toBe(400);
      expect(body).toMatchObject({ error: { type: 'invalid_prompt_id', extra_info: {} }, node_errors: {} });
      expect((await queue()).running).toEqual([]);
    },
  );

  test('that is none', async () => {
    const { post } = await startComfy();
    expect(await post('/prompt', { client_id: 'x' })).toMatchObject({
      status: 400,
      body: { error: { type: 'no_prompt', message: 'No prompt provided' }, node_errors: {} },
    });
    for (const wrong of ['{"prompt": ', { prompt: [] }, { prompt: { nodes: [], version: 0.4 } }]) {
      expect(await post('/prompt', wrong)).toMatchObject({
        status: 500,
        body: expect.stringContaining('Server got itself'),
      });
    }
  });

  test('with a class that is not installed', async () => {
    const { post } = await startComfy();
    const wrong = { ...graph, '30': { class_type: 'XlabsSampler', inputs: {}, _meta: { title: 'My sampler' } } };
    expect(await post('/prompt', { prompt: wrong })).toMatchObject({
      status: 400,
      body: {
        error: {
          type: 'missing_node_type',
          message: "Node 'My sampler' not found. The custom node may not be installed.",
          details: "Node ID '#30'",
          extra_info: { node_id: '30', class_type: 'XlabsSampler' },
        },
        node_errors: {},
      },
    });
  });

  test('that shows and saves nothing', async () => {
    const { post } = await startComfy();
    const { '10': saved, ...rest } = graph;
    expect(saved?.class_type).toBe('SaveImage');
    expect(await post('/prompt', { prompt: rest })).toMatchObject({
      status: 400,
      body: { error: { type: 'prompt_no_outputs' } },
    });
  });
});

describe('an input', () => {
  const cases: readonly [string, Graph, string, string, string][] = [
    [
      'a LoRA that is not there',
      changed(graph, '2', { lora_name: "no'one.safetensors" }),
      '2',
      'value_not_in_list',
      `lora_name: "no'one.safetensors" not in ['flux1-canny-dev-lora.safetensors', 'flux1-depth-dev-lora.safetensors', 'my-style.safetensors']`,
    ],
    [
      'a model that is not there',
      changed(graph, '1', { unet_name: 'flux2.safetensors' }),
      '1',
      'value_not_in_list',
      "unet_name: 'flux2.safetensors' not in ['flux1-canny-dev.safetensors', 'flux1-depth-dev.safetensors', 'flux1-dev.safetensors', 'flux1-fill-dev.safetensors']",
    ],
    [
      'a value of a long list',
      changed(graph, '8', { sampler_name: 'best' }),
      '8',
      'value_not_in_list',
      "sampler_name: 'best' not in (list of length 25)",
    ],
    ['nothing', without(graph, '5', 'text'), '5', 'required_input_missing', 'text'],
    ['too little', changed(graph, '8', { steps: 0 }), '8', 'value_smaller_than_min', 'steps'],
    ['too much', changed(graph, '6', { guidance: 101 }), '6', 'value_bigger_than_max', 'guidance'],
    [
      'text for a number',
      changed(graph, '8', { seed: 'x' }),
      '8',
      'invalid_input_type',
      "seed, x, invalid literal for int() with base 10: 'x'",
    ],
    [
      'a link of another type',
      changed(graph, '8', { latent_image: ['9', 0] }),
      '8',
      'return_type_mismatch',
      'latent_image, received_type(IMAGE) mismatch input_type(LATENT)',
    ],
    ['half a link', changed(graph, '8', { model: ['1'] }), '8', 'bad_linked_input', 'model'],
    ['a link to nobody', changed(graph, '9', { samples: ['77', 0] }), '9', 'exception_during_inner_validation', "'77'"],
    [
      'a link to an output that is not there',
      changed(graph, '10', { images: ['9', 3] }),
      '10',
      'exception_during_validation',
      'tuple index out of range',
    ],
    [
      'a circle',
      changed(graph, '6', { conditioning: ['6', 0] }),
      '6',
      'dependency_cycle',
      '6 (FluxGuidance) -> 6 (FluxGuidance)',
    ],
  ];

  test.each(cases)('of %s is complained about at its node', async (_name, wrong, node, type, details) => {
    const { post, sandbox } = await startComfy({ finetunes: ['my-style'] });
    const { status, body } = await post('/prompt', { prompt: wrong });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { type: 'prompt_outputs_failed_validation', extra_info: {} },
      node_errors: {
        [node]: { errors: [{ type, details }], dependent_outputs: ['10'], class_type: graph[node]?.class_type },
      },
    });
    expect(sandbox.tasks()).toEqual([]);
    expect(sandbox.log().at(-1)).toMatchObject({ submit: { number: 1 }, task: null, status: 400 });
  });

  test('of an image that was not uploaded is complained about, one in a folder is not', async () => {
    const { post, upload } = await startComfy();
    const load = (image: string): Graph => ({
      '1': { class_type: 'LoadImage', inputs: { image } },
      '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    });
    expect((await post('/prompt', { prompt: load('a.png') })).body).toMatchObject({
      node_errors: {
        '1': { errors: [{ type: 'custom_validation_failed', details: 'image - Invalid image file: a.png' }] },
      },
    });
    expect((await post('/prompt', { prompt: load('../a.png') })).status).toBe(400);
    await upload(await still(32, 32), 'a.png', { subfolder: 'mine' });
    for (const name of ['mine/a.png', 'mine/a.png [input]']) {
      expect((await post('/prompt', { prompt: load(name) })).status).toBe(200);
    }
  });

  test('is converted as Python does, and the graph is kept so', async () => {
    const { prompt, advance, history } = await startComfy();
    const id = await prompt(changed(graph, '8', { seed: '42', steps: 4.9 }));
    advance(600_000);
    expect((await history(id))?.prompt[2]).toMatchObject({ '8': { inputs: { seed: 42, steps: 4 } } });
  });
});

test('one good output is enough, and the answer says what is wrong with the other', async () => {
  const { post, advance, history } = await startComfy();
  const both = {
    ...graph,
    '11': { class_type: 'SaveImage', inputs: { images: ['12', 0], filename_prefix: 'b' } },
    '12': { class_type: 'LoadImage', inputs: { image: 'none.png' } },
  };
  const { status, body } = await post('/prompt', { prompt: both });
  expect(status).toBe(200);
  expect(body).toMatchObject({ node_errors: { '12': { dependent_outputs: ['11'], class_type: 'LoadImage' } } });
  advance(600_000);
  expect(Object.keys((await history((body as { prompt_id: string }).prompt_id))?.outputs ?? {})).toEqual(['10']);
});

test('nodes and inputs that lead to no output are not looked at, whatever they are linked to', async () => {
  const { prompt, advance, history } = await startComfy();
  const id = await prompt({
    ...changed(graph, '10', { unknown: ['10', 0] }),
    '50': { class_type: 'FluxGuidance', inputs: { conditioning: ['51', 0], guidance: 1 } },
    '51': { class_type: 'FluxGuidance', inputs: { conditioning: ['50', 0], guidance: 1 } },
    '52': { class_type: 'VAEDecode', inputs: { samples: ['99', 7] } },
  });
  advance(600_000);
  expect((await history(id))?.status.completed).toBe(true);
});

test('submits are witnessed with their words, and alike when only ids differ', async () => {
  const { prompt, sandbox } = await startComfy();
  await prompt(graph, { client_id: 'a' });
  await prompt(graph, { client_id: 'b', prompt_id: '01920000-0000-7000-8000-00000000abcd', colour: 'blue' });
  await prompt(graph, { client_id: 'b', prompt_id: '01920000-0000-7000-8000-00000000abce' });
  const submits = sandbox.log().map(({ submit }) => submit);
  expect(submits[0]).toMatchObject({ model: 'flux1-dev.safetensors', prompt: 'a boat', ignored: [], repeats: 0 });
  expect(submits[1]).toMatchObject({ ignored: ['colour'] });
  expect(submits[2]).toMatchObject({ fingerprint: submits[0]?.fingerprint, repeats: 1 });
  expect(sandbox.stats()).toMatchObject({
    submits: 3,
    tasks: 3,
    keys: { comfyui: { active: 3, maxActive: 3, limited: 0 } },
    promptsAcceptedTwice: { total: 1, newest: [{ prompt: 'a boat', accepted: 3 }] },
  });
});

test('an older server mints ids of its own, says invalid_prompt, and has no jobs', async () => {
  const { post, get } = await startComfy({ comfyui: 'old' });
  const prompt_id = '01920000-0000-7000-8000-00000000abcd';
  const { body } = await post('/prompt', { prompt: graph, prompt_id });
  expect((body as { prompt_id: string }).prompt_id).not.toBe(prompt_id);
  expect((await post('/prompt', { prompt: graph, prompt_id: 'whatever' })).status).toBe(200);
  expect((await post('/prompt', { prompt: { '1': { class_type: 'Nobody', inputs: {} } } })).body).toMatchObject({
    error: { type: 'invalid_prompt', message: 'Cannot execute because node Nobody does not exist.' },
  });
  for (const path of ['/api/jobs', `/api/jobs/${prompt_id}`, '/features']) expect((await get(path)).status).toBe(404);
});
