import type { Socket } from 'node:net';
import { Agent, buildConnector, WebSocket } from 'undici';

/** Beyond it the connection is given up: previews are far smaller. */
const maxMessageBytes = 16 * 1024 * 1024;

/** One WebSocket connection, from dialling to its end. */
export type OpenSocket = {
  /** Ends it at once; `onEnd` is not called any more. */
  end(): void;
};

export function openSocket(options: {
  url: URL;
  headers: Record<string, string>;
  connectMs: number;
  onOpen: () => void;
  onMessage: (message: unknown) => void;
  /** It could not be made, or has ended. */
  onEnd: () => void;
}): OpenSocket {
  const connector = buildConnector({ timeout: options.connectMs, allowH2: false });
  // Held here, since a closing handshake with a server that has gone would take for ever.
  const sockets = new Set<Socket>();
  const agent = new Agent({
    allowH2: false,
    webSocket: { maxPayloadSize: maxMessageBytes },
    connect(target, callback) {
      connector(target, (...result) => {
        const [error, made] = result;
        if (error === null) {
          sockets.add(made);
          if (ended) made.destroy();
        }
        callback(...result);
      });
    },
  });
  let ended = false;
  const url = new URL(options.url);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, { dispatcher: agent, headers: options.headers });
  // Previews come as binary frames; as a Blob each would be copied once more.
  socket.binaryType = 'arraybuffer';

  function finish(): boolean {
    if (ended) return false;
    ended = true;
    for (const held of sockets) held.destroy();
    // Rejects what is still being dialled; nobody waits for it.
    agent.destroy().catch(() => undefined);
    return true;
  }

  socket.addEventListener('open', () => {
    if (!ended) options.onOpen();
  });
  socket.addEventListener('message', ({ data }) => {
    if (!ended) options.onMessage(data);
  });
  // The close event follows every error.
  socket.addEventListener('error', () => undefined);
  socket.addEventListener('close', () => {
    if (finish()) options.onEnd();
  });
  return { end: () => void finish() };
}
