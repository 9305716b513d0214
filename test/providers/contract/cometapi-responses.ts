import { createCometApiResponsesProvider } from '../../../src/providers/cometapi-responses/cometapi-responses.js';
import type { Contract } from './contract.js';

const apiKey = 'sk-comet-secret-0123456789';
const model = 'flux-pro-1-0-canny-finetuned';
const key = '00000000-0000-8000-8000-000000000001';
const url = (home: string) => `${home}/results/a%2Fb.jpeg?sig=x%2By%3D`;
const bytes = Buffer.alloc(60, 'picture');
const task = { taskId: 'resp_1', pollingUrl: null, resultUrl: null, cancelUrl: null };
const envelope = (message: string, code = '') => ({ error: { message, type: 'comet_api_error', param: '', code } });
const none = 'nothing is left to be stopped once the answer is there';

/** A response in OpenAI's form. */
function response(output: object[], rest: object = {}) {
  return {
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    error: null,
    incomplete_details: null,
    output,
    ...rest,
  };
}
const message = (...content: object[]) => ({ type: 'message', role: 'assistant', status: 'completed', content });
const said = (text: string) => message({ type: 'output_text', text, annotations: [] });

/** CometAPI's `/v1/responses`: the request as its model pages show it, the answers as OpenAI's public client types them. */
export const cometapiResponses: Contract = {
  name: 'cometapi-responses',
  create: createCometApiResponsesProvider,
  account: (baseUrl) => ({ id: 'main', baseUrl, apiKey, hosts: [] }),
  credential: { header: 'authorization', value: `Bearer ${apiKey}` },
  request: {
    key,
    model,
    endpoint: model,
    control: 'NONE',
    prompt: 'TOK in the snow',
    finetuneId: null,
    loraUrl: null,
    parameters: {},
    images: {},
    webhook: null,
  },
  body: { model, input: 'TOK in the snow' },
  size: { none: '/v1/responses has no place for a size' },
  submit: {
    address: 'POST /v1/responses',
    before: [],
    accepted: {
      plain: (home) => ({
        answers: [
          { body: response([{ type: 'image_generation_call', id: 'ig_1', status: 'completed', result: url(home) }]) },
        ],
        gives: {
          kind: 'accepted',
          task,
          costMicros: null,
          look: { kind: 'ready', image: { kind: 'url', url: url(home) } },
        },
      }),
      'a base64 image': () => ({
        answers: [
          { body: response([{ type: 'image_generation_call', id: 'ig_1', result: bytes.toString('base64') }]) },
        ],
        gives: { kind: 'accepted', task, look: { kind: 'ready', image: { kind: 'bytes', bytes } } },
      }),
      'a picture without an id': (home) => ({
        answers: [{ body: { created: 1767225600, data: [{ url: url(home) }] } }],
        gives: {
          kind: 'accepted',
          task: { ...task, taskId: key },
          look: { kind: 'ready', image: { kind: 'url', url: url(home) } },
        },
      }),
      'not finished, and not to be asked again': () => ({
        answers: [{ body: response([], { status: 'in_progress' }) }],
        gives: { kind: 'accepted', task, look: { kind: 'failed' } },
      }),
    },
    error: () => ({
      answers: [{ body: envelope('no channel for this model', 'model_not_found') }],
      gives: { kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never', httpStatus: 200 },
    }),
    nameless: { body: { object: 'response', status: 'completed', output: [] } },
    complaint: (text) => envelope(text),
    statuses: {},
    others: {
      '500 with invalid_request is the request’s fault': () => ({
        answers: [{ status: 500, body: envelope('input is required', 'invalid_request') }],
        gives: { kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never' },
      }),
      'an exhausted balance in a 200': () => ({
        answers: [{ body: envelope('insufficient user quota') }],
        gives: { kind: 'refused', code: 'PROVIDER_OUT_OF_CREDITS', retry: 'account' },
      }),
    },
  },
  look: { none: 'the outcome comes with the answer, and CometAPI documents no way to ask for it again' },
  atOnce: {
    ready: (home) => ({
      answers: [{ body: response([said(`Here it is:\n\n![TOK](${url(home)})`)]) }],
      gives: { kind: 'ready', image: { kind: 'url', url: url(home) } },
    }),
    moderatedInput: () => ({
      answers: [{ body: response([message({ type: 'refusal', refusal: `I cannot draw that, ${apiKey}` })]) }],
      gives: { kind: 'moderated', stage: 'INPUT', reasons: ['I cannot draw that, [key]'] },
    }),
    moderatedOutput: () => ({
      answers: [{ body: response([], { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }) }],
      gives: { kind: 'moderated', stage: 'OUTPUT', reasons: ['content_filter'] },
    }),
    failed: () => ({
      answers: [
        { body: response([], { status: 'failed', error: { code: 'server_error', message: `broken, ${apiKey}` } }) },
      ],
      gives: { kind: 'failed', message: 'broken, [key]' },
    }),
    canceled: () => ({ answers: [{ body: response([], { status: 'cancelled' }) }], gives: { kind: 'canceled' } }),
    removed: { none: 'what has just been made is there' },
  },
  result: { url, lifetimeMs: 10 * 60_000, keyAtHome: false },
  webhook: { none: 'one answer brings the picture' },
  cancel: { none },
  find: { none: 'CometAPI takes no key of the caller’s' },
  probe: {
    address: 'GET /flux/v1/get_result?id=00000000-0000-0000-0000-000000000000',
    well: () => ({
      answers: [{ body: { id: '0', status: 'Task not found', result: null } }],
      gives: { kind: 'well', creditMicros: null },
    }),
    refused: [401, 402, 403],
  },
  models: {
    plain: { id: 'cometapi-responses/flux-pro-finetuned', status: 'DEPRECATED' },
    canny: { none: '/v1/responses carries no control image, so its canny model goes by a prompt alone' },
    depth: { none: 'the page of the depth model shows /flux/v1' },
  },
};
