// Writes schema.graphql at the root from the code: `npm run schema`.
import { writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from '../src/graphql/schema.js';

const schema = lexicographicSortSchema(await createSchema());
writeFileSync(new URL('../schema.graphql', import.meta.url), `${printSchema(schema)}\n`);
