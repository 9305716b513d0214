import type { FastifyReply } from 'fastify';
import type { Complaint } from '../validate.js';

const refusals: Readonly<Record<number, { title?: string; detail: string }>> = {
  400: { title: 'Bad request', detail: 'The request could not be understood.' },
  401: { title: 'Unauthenticated', detail: 'You did not pass a valid authentication token' },
  402: {
    title: 'Insufficient credit',
    detail: 'You have insufficient credit to run this model. Go to your billing page to purchase credit.',
  },
  403: { title: 'Forbidden', detail: 'You do not have permission to perform this action.' },
  404: { detail: 'The requested resource could not be found.' },
  429: { detail: 'Request was throttled. Your rate limit resets in ~30s.' },
  500: { detail: 'Internal server error' },
  503: { detail: 'Service unavailable' },
  504: { detail: 'Gateway timeout' },
};

/** Refuses as Replicate does: a title where it has one, a text and the status again. */
export function refuse(reply: FastifyReply, status: number): FastifyReply {
  if (status === 422) return complain(reply, [{ loc: ['input', 'prompt'], msg: 'As asked for', type: 'value_error' }]);
  return reply.code(status).send({ ...(refusals[status] ?? { detail: 'Error' }), status });
}

/** Says what is wrong with a body, or with the version it names. */
export function complain(reply: FastifyReply, complaints: readonly Complaint[]): FastifyReply {
  const invalid_fields = complaints.map(({ loc, msg, type }) => ({ type, field: loc.join('.'), description: msg }));
  return reply.code(422).send({
    title: 'Input validation failed',
    detail: invalid_fields.map(({ field, description }) => `- ${field}: ${description}\n`).join(''),
    status: 422,
    invalid_fields,
  });
}

export function refuseVersion(reply: FastifyReply): FastifyReply {
  const detail = "The specified version does not exist (or perhaps you don't have permission to use it?)";
  return reply.code(422).send({ title: 'Invalid version or not permitted', detail, status: 422 });
}
