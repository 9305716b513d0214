import { createServer, type Server } from 'node:http';
import Fastify from 'fastify';
import { GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { DarkroomError } from '../../src/errors.js';
import {
  createAdmission,
  createOperations,
  type StreamDoorOptions,
  type StreamTimings,
} from '../../src/server/operation.js';
import { openSocketDoor } from '../../src/server/graphql-ws.js';
import { openStreamDoor } from '../../src/server/graphql-sse.js';
import { createGuard } from '../../src/server/guard.js';
import { quietLogger, viewer } from './fakes.js';

export const key = 'Bearer good';

/** A schema with a stream that says nothing until it is left, and one of `count` texts of `size` letters. */
function makeSchema() {
  const open = new Set<() => void>();
  let asked = 0;
  function forever(): AsyncIterableIterator<unknown> {
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    open.add(leave);
    left.then(() => open.delete(leave)).catch(() => undefined);
    const over = async () => ({ done: true as const, value: undefined });
    return {
      async next() {
        await left;
        return await over();
      },
      async return() {
        leave();
        return await over();
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
  async function* texts(count: number, size: number): AsyncGenerator<{ text: string }> {
    for (asked = 0; asked < count;) {
      asked += 1;
      yield { text: 'x'.repeat(size) };
    }
  }
  const text = { type: GraphQLString };
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: { hello: { ...text, resolve: () => 'hi' }, broken: { ...text, resolve: () => fail() } },
    }),
    mutation: new GraphQLObjectType({ name: 'Mutation', fields: { change: { ...text, resolve: () => 'done' } } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        forever: { ...text, subscribe: forever },
        text: {
          ...text,
          args: { count: { type: new GraphQLNonNull(GraphQLInt) }, size: { type: new GraphQLNonNull(GraphQLInt) } },
          subscribe: (_root, { count, size }: { count: number; size: number }) => texts(count, size),
        },
        refused: {
          ...text,
          subscribe: () => {
            throw new DarkroomError('BAD_REQUEST', 'after is no cursor.');
          },
        },
      },
    }),
  });
  return { schema, open, asked: () => asked, endAll: () => open.forEach((leave) => leave()) };
}

function fail(): never {
  throw new Error('A secret of ours.');
}

export type Doors = ReturnType<typeof makeSchema> & {
  url: string;
  errors: ReturnType<typeof quietLogger>['errors'];
  door: { close(): Promise<void> };
  stop(): Promise<void>;
};

type DoorSettings = { timings?: Partial<StreamTimings>; openPerKey?: number };

function optionsOf(made: ReturnType<typeof makeSchema>, { timings = {}, openPerKey }: DoorSettings) {
  const { logger, errors } = quietLogger();
  const options: StreamDoorOptions = {
    operations: createOperations({ schema: made.schema, prepare: createGuard(made.schema), logger }),
    async authenticate(authorization) {
      if (authorization === 'Bearer fault') throw new Error('No database.');
      if (authorization === 'Bearer away') throw Object.assign(new Error('Shutting down.'), { code: '57P01' });
      if (authorization !== undefined && authorization !== key) throw new DarkroomError('UNAUTHENTICATED', 'Unknown.');
      return authorization === undefined ? null : viewer;
    },
    createContext: (who, requestId = 'request-1') => ({ viewer: who, requestId }),
    admit: createAdmission(openPerKey),
    logger,
    timings,
  };
  return { options, errors };
}

export async function openSocketDoors(settings: DoorSettings = {}): Promise<Doors> {
  const made = makeSchema();
  const { options, errors } = optionsOf(made, settings);
  const server = createServer();
  const url = await listen(server);
  const door = closedOnce(openSocketDoor({ ...options, server, path: '/graphql' }));
  async function stop(): Promise<void> {
    await door.close();
    await new Promise((resolve) => server.close(resolve));
  }
  return { ...made, url: `${url.replace('http', 'ws')}/graphql`, errors, door, stop };
}

export async function openStreamDoors(settings: DoorSettings = {}): Promise<Doors> {
  const made = makeSchema();
  const { options, errors } = optionsOf(made, settings);
  const app = Fastify({ genReqId: () => 'request-1', forceCloseConnections: true });
  const door = closedOnce(openStreamDoor(app, { ...options, path: '/graphql/stream' }));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  async function stop(): Promise<void> {
    await door.close();
    await app.close();
  }
  return { ...made, url: `${url}/graphql/stream`, errors, door, stop };
}

/** A test may close the door before its end. */
function closedOnce(door: Doors['door']): Doors['door'] {
  let closing: Promise<void> | null = null;
  return { close: async () => await (closing ??= door.close()) };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('It does not listen.');
  return `http://127.0.0.1:${address.port}`;
}
