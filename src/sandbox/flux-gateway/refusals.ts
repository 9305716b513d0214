import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { Refusal } from '../outcome.js';
import type { Complaint } from '../validate.js';

const refusals: Readonly<Record<number, readonly [message: string, code: string]>> = {
  400: ['Bad request', ''],
  401: ['Invalid token', ''],
  402: ['Insufficient balance', 'insufficient_quota'],
  403: ['Request blocked', ''],
  404: ['There is no such model', 'model_not_found'],
  422: ['As asked for', ''],
  429: ['Too many requests', 'rate_limit_exceeded'],
  500: ['Internal server error', ''],
  503: ['No available channel', ''],
  504: ['Gateway timeout', ''],
};

function send(reply: FastifyReply, status: number, message: string, code: string, param = ''): FastifyReply {
  const request = `(request id: ${randomBytes(12).toString('hex')})`;
  return reply.code(status).send({ error: { message: `${message} ${request}`, type: 'comet_api_error', param, code } });
}

/** Refuses in CometAPI's envelope; a spent quota may come in it under the status 200. */
export function refuse(reply: FastifyReply, { status, inside200 }: Refusal): FastifyReply {
  const [message, code] = refusals[status] ?? ['Error', ''];
  return send(reply, inside200 ? 200 : status, message, code);
}

/** A body of the wrong shape is 400; one that is no JSON at all is 500 with a code that says whose fault it is. */
export function complain(reply: FastifyReply, complaints: readonly Complaint[]): FastifyReply {
  if (complaints.some(({ type }) => type === 'json_invalid'))
    return send(reply, 500, 'Invalid JSON', 'invalid_request');
  const text = complaints.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`).join('; ');
  return send(reply, 400, text, '', String(complaints[0]?.loc.at(-1) ?? ''));
}
