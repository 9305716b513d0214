import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

const bodySchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  timestamp: z.iso.datetime(),
  result: z.looseObject({ sample: z.string() }).optional(),
  error: z.string().optional(),
  message: z.string().optional(),
});

export type Received = {
  path: string;
  contentType: string | undefined;
  signature: string | undefined;
  /** Whether the signature is that of the raw body under the secret `hush`. */
  genuine: boolean;
  body: z.infer<typeof bodySchema>;
};

/** Something that listens for webhooks. `answers` are the statuses to answer with, one after the other, then 200. */
export async function startReceiver(answers: (number | 'cut' | 'never')[] = []): Promise<{
  url: string;
  received: Received[];
}> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const { 'x-bfl-signature': header, 'content-type': contentType } = request.headers;
      const signature = header?.toString();
      const genuine = signature === `sha256=${createHmac('sha256', 'hush').update(raw).digest('hex')}`;
      const body = bodySchema.parse(JSON.parse(raw.toString()));
      received.push({ path: request.url ?? '', contentType, signature, genuine, body });
      const answer = answers.shift() ?? 200;
      if (answer === 'cut') request.socket.destroy();
      else if (answer !== 'never') response.writeHead(answer).end('thank you');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : null;
  return { url: `http://127.0.0.1:${port}`, received };
}
