import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { paid, startUpstream } from './upstream.js';

const model = 'flux-pro-1-0-canny-finetuned';

function clientOf(url: string, apiKey = 'key'): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1` });
}

describe("OpenAI's client", () => {
  test('gets a response with the image in its text', async () => {
    const { url } = await startUpstream();
    const response = await clientOf(url).responses.create({ model, input: 'a boat [sandbox: duration=10s]' });
    const address = /\((\S+)\)/.exec(response.output_text)?.[1];
    expect((await fetch(address ?? '')).headers.get('content-type')).toBe('image/jpeg');
  });

  test('gets a response with the image in base64', async () => {
    const { url } = await startUpstream();
    const input = [{ role: 'user' as const, content: 'a boat [sandbox: duration=1s, in-base64]' }];
    const { output } = await clientOf(url).responses.create({ model, input });
    expect(output).toMatchObject([{ type: 'image_generation_call', result: expect.stringMatching(/^\/9j/) }]);
  });

  test('hears of refusals', async () => {
    const { url } = await startUpstream({ keys: ['good'] });
    const ask = async (key: string, input: string) => await clientOf(url, key).responses.create({ model, input });
    await expect(ask('bad', 'p')).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    await expect(ask('good', '[sandbox: request-moderated, duration=1s]')).rejects.toMatchObject({
      status: 400,
      code: 'moderation_blocked',
    });
    const models = await clientOf(url, 'good').models.list();
    expect(models.data.map(({ id }) => id)).toContain(model);
  });

  test('submits again when the answer is lost, and it is paid twice', async () => {
    const { url, sandbox } = await startUpstream();
    const prompt = 'a boat [sandbox: lost-reply=1, duration=1s]';
    const { output_text } = await clientOf(url).responses.create({ model, input: prompt });
    expect(output_text).toContain(`${url}/delivery/`);
    expect(paid(sandbox, prompt)).toEqual({ submits: 2, tasks: 2 });
  });

  test('submits again when the upstream is too slow for it', async () => {
    const { url, sandbox } = await startUpstream();
    const prompt = '[sandbox: stuck]';
    const asked = clientOf(url).responses.create({ model, input: prompt }, { timeout: 100, maxRetries: 1 });
    await expect(asked).rejects.toThrow('timed out');
    expect(paid(sandbox, prompt)).toEqual({ submits: 2, tasks: 2 });
  });
});
