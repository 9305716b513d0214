import { defineConfig } from 'prisma/config';

// Only the Prisma command line reads this; the service itself applies the migrations when it starts.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
