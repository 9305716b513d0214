import { randomUUID } from 'node:crypto';
import { WebSocket, type RawData } from 'ws';
import { z } from 'zod';

/** Binary frames: a preview alone, or with the facts about it in front. */
const [previewEvent, describedPreviewEvent] = [1, 4];
const jpeg = 1;

const flagsSchema = z.object({ type: z.literal('feature_flags'), data: z.record(z.string(), z.unknown()) });

/**
 * The sockets of ComfyUI's clients, one for each client id: a newer one takes the place of an older, which stays open and
 * hears nothing more. As in ComfyUI itself, an older one that closes takes the newer one's place away with it.
 */
export type Sockets = {
  readonly size: number;
  /** Takes a socket and greets it. `executing` is the node that runs for this client at the moment. */
  connect(socket: WebSocket, clientId: string, greeting: (sid: string) => readonly [string, object][]): void;
  /** To one client, or to all when `sid` is null. */
  send(event: string, data: object, sid: string | null): void;
  preview(image: Buffer, about: Record<string, unknown>, sid: string | null): void;
  /** Cuts all. */
  closeAll(): void;
};

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** `features` is what the server says of itself to a client that tells its own; null: it does not answer. */
export function createSockets(features: object | null): Sockets {
  const current = new Map<string, { socket: WebSocket; describes: boolean }>();
  const all = new Set<WebSocket>();

  function sockets(sid: string | null): { socket: WebSocket; describes: boolean }[] {
    if (sid === null) return [...current.values()];
    const one = current.get(sid);
    return one === undefined ? [] : [one];
  }

  function send(event: string, data: object, sid: string | null): void {
    const text = JSON.stringify({ type: event, data });
    for (const { socket } of sockets(sid)) if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }

  function hear(sid: string, data: RawData): void {
    const mine = current.get(sid);
    if (mine === undefined || features === null) return;
    try {
      const text = Array.isArray(data)
        ? Buffer.concat(data)
        : Buffer.from(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
      const message = flagsSchema.safeParse(JSON.parse(text.toString('utf8')));
      if (!message.success) return;
      mine.describes = message.data.data['supports_preview_metadata'] === true;
      send('feature_flags', features, sid);
    } catch {
      // ComfyUI writes a warning into its log and goes on.
    }
  }

  return {
    get size() {
      return current.size;
    },
    connect(socket, clientId, greeting) {
      const sid = clientId === '' ? randomUUID().replaceAll('-', '') : clientId;
      current.set(sid, { socket, describes: false });
      all.add(socket);
      for (const [event, data] of greeting(sid)) send(event, data, sid);
      let first = true;
      socket.on('message', (data, isBinary) => {
        if (isBinary) return;
        if (first) hear(sid, data);
        first = false;
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        all.delete(socket);
        current.delete(sid);
      });
    },
    send,
    preview(image, about, sid) {
      for (const { socket, describes } of sockets(sid)) {
        if (socket.readyState !== WebSocket.OPEN) continue;
        if (!describes) {
          socket.send(Buffer.concat([uint32(previewEvent), uint32(jpeg), image]));
          continue;
        }
        const facts = Buffer.from(JSON.stringify({ ...about, image_type: 'image/jpeg' }));
        socket.send(Buffer.concat([uint32(describedPreviewEvent), uint32(facts.length), facts, image]));
      }
    },
    closeAll() {
      for (const socket of all) socket.terminate();
      all.clear();
      current.clear();
    },
  };
}
