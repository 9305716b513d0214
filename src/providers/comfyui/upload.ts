import { createHash } from 'node:crypto';
import { z } from 'zod';
import { endpointUrl } from '../hosts.js';
import type { ProviderAccount, SubmitImage, SubmitOutcome } from '../provider.js';
import { readSubmitAnswer, type SubmitReading } from '../submit-answer.js';
import type { Transport } from '../transport.js';
import { authHeaders } from './ask.js';
import { refusalFor } from './refusal.js';

const folder = 'darkroom';
const maxAnswerBytes = 1024 * 1024;
const answerShape = z.object({ name: z.string().min(1).max(512), subfolder: z.string().max(512).catch('') });

/** The name by which LoadImage finds it, or why it could not be brought there. */
export type Uploaded = { kind: 'uploaded'; name: string } | Extract<SubmitOutcome, { kind: 'refused' }>;

/**
 * Brings an input image to the server. Its name comes from its content and nothing is overwritten, so that doing it again
 * changes nothing: the server answers with the file it has. Nothing has been submitted by then, so every failure is a refusal.
 */
export async function uploadImage(
  transport: Transport,
  account: ProviderAccount,
  image: SubmitImage,
  signal: AbortSignal,
): Promise<Uploaded> {
  const url = endpointUrl(account, '/upload/image');
  if (url === null) return notUploaded("the account's base URL is no http address", null);
  const { body, boundary } = formOf(image.bytes);
  const exchange = await transport.read({
    method: 'POST',
    url,
    headers: {
      ...authHeaders(account),
      accept: 'application/json',
      'content-type': `multipart/form-data; boundary=${boundary}`,
    },
    body,
    maxBytes: maxAnswerBytes,
    signal,
  });
  let name: string | null = null;
  const reading: SubmitReading = {
    apiKey: account.apiKey,
    now: Date.now(),
    refusalFor,
    accept(answer, status) {
      const { data } = answerShape.safeParse(answer);
      // The server may have chosen another name.
      name = data === undefined ? null : data.subfolder === '' ? data.name : `${data.subfolder}/${data.name}`;
      return { kind: 'unknown', message: 'the answer names no file', httpStatus: status };
    },
  };
  const outcome = readSubmitAnswer(exchange, reading);
  if (name !== null) return { kind: 'uploaded', name };
  if (outcome.kind === 'refused') return outcome;
  return outcome.kind === 'unknown' ? notUploaded(outcome.message, outcome.httpStatus) : notUploaded('', null);
}

function notUploaded(message: string, httpStatus: number | null): Extract<SubmitOutcome, { kind: 'refused' }> {
  const said = `an input image could not be brought to the server: ${message}`;
  return {
    kind: 'refused',
    code: 'PROVIDER_UNREACHABLE',
    message: said,
    httpStatus,
    retry: 'later',
    retryAfterMs: null,
  };
}

function formOf(bytes: Buffer): { body: Buffer; boundary: string } {
  const digest = createHash('sha256').update(bytes).digest('hex');
  // No bytes hold their own hash.
  const boundary = `darkroom-${digest}`;
  const { extension, type } = kindOf(bytes);
  const field = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const head =
    `${field('type', 'input')}${field('subfolder', folder)}--${boundary}\r\n` +
    `Content-Disposition: form-data; name="image"; filename="${digest.slice(0, 32)}.${extension}"\r\n` +
    `Content-Type: ${type}\r\n\r\n`;
  return { body: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]), boundary };
}

/** By the first bytes; servers go by the name's ending in some of their lists. */
function kindOf(bytes: Buffer): { extension: string; type: string } {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return { extension: 'jpg', type: 'image/jpeg' };
  if (bytes.subarray(8, 12).toString('latin1') === 'WEBP') return { extension: 'webp', type: 'image/webp' };
  return { extension: 'png', type: 'image/png' };
}
