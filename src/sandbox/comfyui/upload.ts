import type { FastifyReply, FastifyRequest } from 'fastify';
import { posix } from 'node:path';
import sharp from 'sharp';
import { sha256 } from '../random.js';
import type { Comfy } from './context.js';
import { folderNames, insideOf, type FileName } from './files.js';
import { aiohttpError, empty } from './replies.js';

/** ComfyUI's default of `--max-upload-size`. */
export const mostUploadBytes = 100 * 1024 * 1024;

async function sizeOf(bytes: Buffer): Promise<{ width: number; height: number } | null> {
  try {
    const { autoOrient } = await sharp(bytes).metadata();
    return { width: autoOrient.width, height: autoOrient.height };
  } catch {
    return null;
  }
}

type Form = { file: { name: string; bytes: Buffer } | null; fields: Map<string, string> };

async function readForm(request: FastifyRequest): Promise<Form> {
  const form: Form = { file: null, fields: new Map() };
  for await (const part of request.parts({ preservePath: true })) {
    if (part.type === 'field') form.fields.set(part.fieldname, String(part.value));
    else {
      const bytes = await part.toBuffer();
      if (part.fieldname === 'image') form.file = { name: part.filename, bytes };
    }
  }
  return form;
}

/** Another name where one is taken by other bytes: `a.png`, `a (1).png`, and so on. */
function freeName({ files }: Comfy, wanted: FileName, hash: string): FileName {
  const { ext, name: stem } = posix.parse(wanted.name);
  for (let next = wanted, i = 1; ; i++) {
    const there = files.get(next);
    if (there === null || (there.content.kind === 'bytes' && there.content.hash === hash)) return next;
    next = { ...wanted, name: `${stem} (${i})${ext}` };
  }
}

/** `POST /upload/image`: keeps any bytes under the name given, whether they are an image or not. */
export async function takeUpload(comfy: Comfy, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (!request.isMultipart()) return aiohttpError(reply, 500);
  const { file, fields } = await readForm(request);
  if (file === null || file.name === '') return empty(reply, 400);
  const type = fields.get('type') ?? 'input';
  const folder = folderNames.find((each) => each === type);
  if (folder === undefined) return aiohttpError(reply, 500);
  const subfolder = fields.get('subfolder') ?? '';
  const path = insideOf(subfolder, file.name);
  if (path === null || path === '' || file.name.startsWith('/')) return empty(reply, 400);

  const inner = posix.dirname(path);
  const wanted = { folder, subfolder: inner === '.' ? '' : inner, name: posix.basename(path) };
  const hash = sha256(file.bytes);
  const overwrite = ['true', '1'].includes(fields.get('overwrite') ?? '');
  const size = await sizeOf(file.bytes);
  // Chosen and taken in one go, so that two uploads of one name at once do not get the same.
  const chosen = overwrite ? wanted : freeName(comfy, wanted, hash);
  comfy.files.put({ ...chosen, content: { kind: 'bytes', hash, bytes: file.bytes.length, size } }, file.bytes);
  return reply.send({ name: posix.join(posix.dirname(file.name), chosen.name), subfolder, type: folder });
}
