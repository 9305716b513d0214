import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.js';

/** The one way to Postgres: Prisma's client on a bounded pool. */
export type Database = { prisma: PrismaClient; close(): Promise<void> };

/** `connections` bounds the pool; a process stays below 15 in all. */
export function openDatabase(url: string, connections = 12): Database {
  const adapter = new PrismaPg({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'darkroom',
  });
  const prisma = new PrismaClient({ adapter });
  return { prisma, close: async () => await prisma.$disconnect() };
}
