import { describe, expect, test } from 'vitest';
import { startBench } from './harness.js';
import { bodies, bounds, control, models } from './bounds.js';

const { text, ultra, canny, depth, fill, klein } = models;
const plainBody = { finetune_id: 'f', prompt: 'p' };

const required: readonly [string, readonly string[]][] = [
  [text, ['finetune_id']],
  [ultra, ['finetune_id']],
  [canny, ['finetune_id', 'prompt', 'control_image']],
  [depth, ['finetune_id', 'prompt', 'control_image']],
  [fill, ['finetune_id', 'image']],
  [klein, ['finetune_id', 'prompt']],
];

describe('a submit', () => {
  test.each(Object.entries(bodies))('to %s with the required fields is accepted', async (model, body) => {
    const { post } = await startBench();
    expect(await post(model, body)).toMatchObject({
      status: 200,
      body: { id: expect.any(String), polling_url: expect.any(String) },
    });
  });

  test.each(bounds)('to %s: the bounds of %s', async (model, field, inside, outside) => {
    const { post } = await startBench({ activeLimit: 100 });
    for (const value of inside) {
      const reply = await post(model, { ...bodies[model], [field]: value });
      expect({ value, reply }).toMatchObject({ value, reply: { status: 200 } });
    }
    for (const [value, type] of outside) {
      const reply = await post(model, { ...bodies[model], [field]: value });
      expect(reply, `${field} ${String(value).slice(0, 40)}`).toEqual({
        status: 422,
        body: { detail: [{ loc: ['body', field], msg: expect.any(String), type }] },
      });
    }
  });

  test.each(required)('to %s: what is required', async (model, fields) => {
    const { post } = await startBench();
    const detail = fields.map((field) => ({ loc: ['body', field], msg: 'Field required', type: 'missing' }));
    const { status, body } = await post(model, {});
    expect(status).toBe(422);
    expect(body).toEqual({ detail: expect.arrayContaining(detail) });
    expect(body).toHaveProperty('detail.length', fields.length);
  });

  test('hears of all its faults at once, in the words of the upstream', async () => {
    const { post } = await startBench();
    expect((await post('flux-pro-finetuned', { prompt: 'p', steps: 51, width: 100 })).body).toEqual({
      detail: [
        { loc: ['body', 'finetune_id'], msg: 'Field required', type: 'missing' },
        { loc: ['body', 'width'], msg: 'Input should be greater than or equal to 256', type: 'greater_than_equal' },
        { loc: ['body', 'steps'], msg: 'Input should be less than or equal to 50', type: 'less_than_equal' },
      ],
    });
  });

  test('that is no JSON or no object is refused', async () => {
    const { post } = await startBench();
    expect(await post('flux-pro-finetuned', '{"prompt":')).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'json_invalid' }] },
    });
    expect(await post('flux-pro-finetuned', '[]')).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body'] }] },
    });
  });

  test('to an unknown endpoint is not found', async () => {
    const { post } = await startBench();
    expect(await post('flux-pro-1.0-canny', { ...plainBody, control_image: control })).toEqual({
      status: 404,
      body: { detail: 'Not Found' },
    });
  });

  test('of more than 30 MB is refused', async () => {
    const { post } = await startBench();
    expect(await post('flux-pro-finetuned', `"${'x'.repeat(31 * 1024 * 1024)}"`)).toMatchObject({ status: 413 });
  });

  test('without a webhook gets a polling URL, with one it gets none', async () => {
    const { post, url } = await startBench();
    const first = await post('flux-pro-finetuned', { ...plainBody, width: 1440, height: 1376 });
    const costs = { cost: 6, input_mp: 0, output_mp: 1.98 };
    expect(first.body).toEqual({
      id: expect.any(String),
      polling_url: expect.stringMatching(`^${url}/v1/get_result\\?id=`),
      ...costs,
    });
    const second = await post('flux-pro-finetuned', {
      ...plainBody,
      webhook_url: 'https://example.org/hook',
      webhook_secret: 's',
    });
    expect(second.body).toEqual({
      id: expect.any(String),
      status: 'Pending',
      webhook_url: 'https://example.org/hook',
      cost: 6,
      input_mp: 0,
      output_mp: 0.79,
    });
  });
});
