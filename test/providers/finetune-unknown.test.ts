import { describe, expect, it } from 'vitest';
import { cannyRequest, never, startBench } from './bfl.js';

async function codeOf(status: number, detail: unknown): Promise<string> {
  const { provider, account } = await startBench([{ status, body: { detail } }]);
  const outcome = await provider.submit(account, cannyRequest, never);
  return outcome.kind === 'refused' ? `${outcome.code} ${outcome.retry}` : outcome.kind;
}

describe('a finetune that the provider does not have', () => {
  it.each<[number, unknown]>([
    [404, 'Finetune not found'],
    [404, "Finetune 'my-finetune' not found for this organization"],
    [400, 'Invalid finetune: my-finetune'],
    [422, [{ loc: ['body', 'finetune_id'], msg: 'finetune_id does not exist', type: 'value_error' }]],
    [400, 'The LoRA owner/name is unknown'],
  ])('is told apart (%i, %j)', async (status, detail) => {
    expect(await codeOf(status, detail)).toBe('FINETUNE_UNKNOWN never');
  });

  it.each<[number, unknown, string]>([
    [404, 'Not Found', 'MODEL_RETIRED_UPSTREAM never'],
    [410, 'Gone', 'MODEL_RETIRED_UPSTREAM never'],
    [
      422,
      [{ loc: ['body', 'finetune_strength'], msg: 'Input should be less than or equal to 2', type: 'less_than_equal' }],
      'PROVIDER_REFUSED never',
    ],
    [403, 'finetune not found', 'PROVIDER_UNAUTHORIZED account'],
    [402, 'Insufficient credits', 'PROVIDER_OUT_OF_CREDITS account'],
    [401, 'Not authenticated', 'PROVIDER_UNAUTHORIZED account'],
  ])('is not seen in anything else (%i, %j)', async (status, detail, expected) => {
    expect(await codeOf(status, detail)).toBe(expected);
  });
});
