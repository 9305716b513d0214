import { endOf } from '../bfl/status.js';
import { sampleUrl } from '../delivery.js';
import { formatOf } from '../sketching.js';
import { type Task } from '../task.js';

type Form = 'in-text' | 'in-base64' | 'in-url';

/** In which form the image is given: as the prompt asks, or as the kind of model has it, since nobody documents any. */
export function formOf(task: Task): Form {
  const asked = (['in-text', 'in-base64', 'in-url'] as const).find((form) => task.wish[form] !== undefined);
  if (asked !== undefined) return asked;
  if (/canny|depth/.test(task.model)) return 'in-text';
  return task.model.includes('fill') ? 'in-url' : 'in-base64';
}

function message(task: Task, content: unknown): Record<string, unknown> {
  return { id: `msg_${task.id}`, type: 'message', role: 'assistant', status: 'completed', content: [content] };
}

function text(words: string): Record<string, unknown> {
  return { type: 'output_text', text: words, annotations: [], logprobs: [] };
}

function outputOf(task: Task, url: string, picture: Buffer | null): Record<string, unknown>[] {
  const { wish, width, height } = task;
  const call = { id: `ig_${task.id}`, type: 'image_generation_call' };
  if (endOf(task) === 'Content Moderated')
    return [
      { ...call, status: 'failed', result: null },
      message(task, { type: 'refusal', refusal: 'The image was withheld by moderation.' }),
    ];
  if (endOf(task) !== 'Ready') return [];
  if (wish['no-image'] !== undefined) return [message(task, text('I have drawn what you asked for.'))];
  const sample = sampleUrl(task, url);
  switch (formOf(task)) {
    case 'in-text':
      return [message(task, text(`Here is your image:\n\n![image](${sample})`))];
    case 'in-url':
      return [message(task, { type: 'output_image', image_url: sample })];
    case 'in-base64': {
      const size = `${width}x${height}`;
      const result = picture?.toString('base64') ?? null;
      return [{ ...call, status: 'completed', result, output_format: formatOf(task), size, revised_prompt: null }];
    }
  }
}

function statusOf(task: Task): string {
  if (task.wish['unknown-status'] !== undefined) return 'finalizing';
  if (task.wish.canceled !== undefined) return 'cancelled';
  return ['Error', 'Failed'].includes(endOf(task)) ? 'failed' : 'completed';
}

/** The response object of a task that is over; `picture` is needed for the form in base64 only. */
export function responseOf(task: Task, url: string, picture: Buffer | null): Record<string, unknown> {
  const status = statusOf(task);
  return {
    id: `resp_${task.id}`,
    object: 'response',
    created_at: Math.floor(task.submittedAt / 1000),
    status,
    error: status === 'failed' ? { code: 'server_error', message: 'The model could not generate the image.' } : null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: task.model,
    output: outputOf(task, url, picture),
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: {
      input_tokens: 12,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 1,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 13,
    },
  };
}
