import { randomUUID } from 'node:crypto';
import { sha256 } from '../random.js';

type StoredFile = { name: string; type: string; bytes: Buffer; at: number };

/** Files that were uploaded to be inputs, the newest of them, in memory. */
export type Files = {
  /** Takes a multipart body with the file in `content`; null when it is none. `at` in ms since the epoch. */
  take(body: unknown, contentType: string | undefined, at: number): Promise<string | null>;
  /** What the API says of a file. */
  show(id: string, url: string): Record<string, unknown> | null;
  /** The data URI of a file by its address, or null when the address is no file's. */
  dataUri(address: string): string | null;
};

const maxKept = 32;

export function createFiles(): Files {
  const kept = new Map<string, StoredFile>();
  return {
    async take(body, contentType = '', at) {
      if (!Buffer.isBuffer(body)) return null;
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
        .formData()
        .catch(() => null);
      const file = form?.get('content');
      if (!(file instanceof Blob)) return null;
      const id = randomUUID();
      kept.set(id, { name: file.name, type: file.type, bytes: Buffer.from(await file.arrayBuffer()), at });
      for (const oldest of kept.keys()) {
        if (kept.size <= maxKept) break;
        kept.delete(oldest);
      }
      return id;
    },
    show(id, url) {
      const file = kept.get(id);
      if (file === undefined) return null;
      return {
        id,
        name: file.name,
        content_type: file.type,
        size: file.bytes.length,
        checksums: { sha256: sha256(file.bytes) },
        metadata: {},
        created_at: new Date(file.at).toISOString(),
        expires_at: new Date(file.at + 86_400_000).toISOString(),
        urls: { get: `${url}/replicate/v1/files/${id}` },
      };
    },
    dataUri(address) {
      const id = /\/replicate\/v1\/files\/([\w-]+)$/.exec(address)?.[1];
      const file = kept.get(id ?? '');
      return file === undefined ? null : `data:${file.type};base64,${file.bytes.toString('base64')}`;
    },
  };
}
