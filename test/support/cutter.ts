import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut. */
export type Cutter = {
  url: string;
  /** Breaks every connection that goes through it; new ones may be made. */
  cut(): void;
  connections(): number;
  stop(): Promise<void>;
};

export async function startCutter(target: string): Promise<Cutter> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    keep(near);
    keep(far);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('It does not listen.');
  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    connections: () => sockets.size / 2,
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
