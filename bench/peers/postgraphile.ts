import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { makeJSONPgSmartTagsPlugin } from 'postgraphile/utils';
import { endOnSignal } from './pages.ts';

// PostGraphile 5 as its own documentation sets it up, on its quickest server; a GraphQL API made from the tables.
const connectionString = process.env['DATABASE_URL'] ?? '';

// The ledger has no foreign keys; PostGraphile is told of the relations in its own way.
const relations = makeJSONPgSmartTagsPlugin({
  version: 1,
  config: {
    class: {
      generation: { tags: { foreignKey: '(profile_id) references profile (id)|@fieldName profile' } },
      generation_image: {
        tags: {
          foreignKey: [
            '(generation_id) references generation (id)|@foreignFieldName generationImages',
            '(image_id) references image (id)|@fieldName image',
          ],
        },
      },
    },
  },
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [relations],
  pgServices: [
    makePgService({
      connectionString,
      schemas: ['public'],
      // As in pages.ts: plans are made once.
      poolConfig: { max: Number(process.env['CONNECTIONS'] ?? 10), options: '-c plan_cache_mode=force_generic_plan' },
    }),
  ],
  grafserv: { graphiql: false },
  grafast: { explain: false },
});

const server = createServer();
await instance.createServ(grafserv).addTo(server);
endOnSignal(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await instance.release();
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  console.log(`listening http://127.0.0.1:${address.port}`);
});
