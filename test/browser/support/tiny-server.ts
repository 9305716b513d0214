// Two fields behind a key, and a schema open to all: what GraphiQL needs of a server, and nothing more.
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { buildSchema, execute, graphql, parse, subscribe, validate, type ExecutionArgs } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { createGraphiql } from '../../../src/server/graphiql.js';

export const KEY = 'dk_test_0123456789';

export interface TinyServer {
  readonly url: string;
  /** The Authorization of each reading of the schema. */
  readonly introspections: readonly (string | null)[];
  readonly connectionParams: readonly unknown[];
  /** How many subscriptions run now. */
  running(): number;
  close(): Promise<void>;
}

const schema = buildSchema('type Query { hello: String } type Subscription { ticks: Int }');
const bodySchema = z.object({ query: z.string(), operationName: z.string().nullish() });
const paramsSchema = z.object({ authorization: z.string() });

export async function startTinyServer(apiKey: string | null): Promise<TinyServer> {
  const app = Fastify({ forceCloseConnections: true });
  const graphiql = createGraphiql({ graphqlPath: '/graphql', apiKey });
  const connectionParams: unknown[] = [];
  const introspections: (string | null)[] = [];
  let running = 0;

  async function* ticks() {
    running += 1;
    try {
      yield { ticks: 1 };
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        yield { ticks: 2 };
      }
    } finally {
      running -= 1;
    }
  }

  await app.register(graphiql.assets);
  app.get('/graphql', (request, reply) => reply.headers(graphiql.headers).send(graphiql.page(request.headers)));
  app.post('/graphql', async (request, reply) => {
    const { query, operationName } = bodySchema.parse(request.body);
    const introspection = operationName === 'IntrospectionQuery';
    const { authorization } = request.headers;
    if (authorization !== `Bearer ${KEY}` && !(introspection && authorization === undefined)) {
      return reply.code(401).send({ errors: [{ message: 'Who are you?' }] });
    }
    if (introspection) introspections.push(authorization ?? null);
    return graphql({ schema, source: query, rootValue: { hello: 'world' }, operationName: operationName ?? null });
  });

  const sockets = new WebSocketServer({ server: app.server, path: '/graphql' });
  const disposable = useServer(
    {
      schema,
      roots: { subscription: { ticks } },
      // Ours, because graphql-ws would load a second copy of graphql, which takes no schema of the first.
      parse,
      validate,
      execute: (args: ExecutionArgs) => execute(args),
      subscribe: (args: ExecutionArgs) => subscribe(args),
      onConnect(context) {
        connectionParams.push(context.connectionParams);
        return paramsSchema.safeParse(context.connectionParams).data?.authorization === `Bearer ${KEY}`;
      },
    },
    sockets,
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = z.custom<AddressInfo>((value) => typeof value === 'object').parse(app.server.address());

  return {
    url: `http://127.0.0.1:${port}`,
    introspections,
    connectionParams,
    running: () => running,
    async close() {
      await disposable.dispose();
      await app.close();
    },
  };
}
