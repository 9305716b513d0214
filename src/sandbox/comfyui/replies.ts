import type { FastifyReply } from 'fastify';

/** Errors as aiohttp, on which ComfyUI runs, answers them. */
const aiohttpTexts: Readonly<Record<number, string>> = {
  404: '404: Not Found',
  405: '405: Method Not Allowed',
  500: '500 Internal Server Error\n\nServer got itself in trouble',
};

export function aiohttpError(reply: FastifyReply, status: number): FastifyReply {
  return reply
    .code(status)
    .type('text/plain; charset=utf-8')
    .send(aiohttpTexts[status] ?? String(status));
}

/** An empty answer, as most refusals and all orders have it. */
export function empty(reply: FastifyReply, status = 200): FastifyReply {
  return reply.code(status).type('application/octet-stream').send('');
}

const proxyTitles: Readonly<Record<number, string>> = {
  401: 'Authorization Required',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** A refusal that ComfyUI has no words for comes from the proxy in front of it. */
export function proxyError(reply: FastifyReply, status: number): FastifyReply {
  const title = `${status} ${proxyTitles[status] ?? 'Error'}`;
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  return reply.code(status).type('text/html').send(body);
}

/** The JSON of a body, whatever its content type says; undefined when it is none. */
export function readJson(body: unknown): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  } catch {
    return undefined;
  }
}
