import type { FastifyReply, FastifyRequest } from 'fastify';

const page = `<!doctype html><html><head><title>Just a moment...</title></head><body><h1>Please wait</h1></body></html>`;

/** A page where JSON was due, as of something that stands in front of the upstream. */
export function sendPage(reply: FastifyReply, status = 200): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}

/** Cuts the connection without an answer. */
export function cut(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.destroy();
  return reply;
}

/** Announces a JSON body, sends half of it, and cuts the connection. */
export function sendHalf(request: FastifyRequest, reply: FastifyReply, status: number, body: unknown): FastifyReply {
  const bytes = Buffer.from(JSON.stringify(body));
  reply.hijack();
  reply.raw.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  // A moment, so that the half is read and not thrown away with the connection.
  reply.raw.write(bytes.subarray(0, bytes.length >> 1), () => setImmediate(() => request.raw.socket.destroy()));
  return reply;
}
