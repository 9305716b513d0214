import type { FastifyReply } from 'fastify';
import { errorCodes, type ErrorCode } from '../errors.js';

/** Sends an error of the REST side as problem+json (RFC 9457), with the same codes as GraphQL. */
export function sendProblem(
  reply: FastifyReply,
  problem: { code: ErrorCode; message: string; status?: number; details?: Record<string, unknown> },
): FastifyReply {
  const status = problem.status ?? errorCodes[problem.code];
  return reply
    .status(status)
    .type('application/problem+json')
    .send({ status, code: problem.code, detail: problem.message, ...problem.details });
}
