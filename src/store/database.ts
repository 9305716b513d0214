import { PrismaPg } from '@prisma/adapter-pg';
import { DatabaseError, Pool, types, type CustomTypesConfig } from 'pg';
import { isConnectionFault } from '../connection-fault.js';
import { Prisma, PrismaClient } from './generated/client.js';
import { readTime } from './read-time.js';

/** What may be asked inside a transaction. */
export type Transaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

/** The one way to Postgres: Prisma's client on a bounded pool. */
export type Database = {
  prisma: PrismaClient;
  /**
   * The rows of one statement, past Prisma, whose way there and back takes some 300 µs of the processor: for what every
   * other request asks. Values and columns are as Prisma gives them, but for bytes (Buffer).
   */
  rows<Row extends object>(statement: Prisma.Sql): Promise<Row[]>;
  /**
   * READ COMMITTED whatever the server's default is: each statement sees what was committed before it, as the advisory
   * locks here need. Prisma's own limit of 5 s would end slow ones for ever.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** `connections` bounds the pool; a statement that takes longer than `statementTimeoutMs` is ended (0: none is). */
export function openDatabase(
  url: string,
  options: { connections?: number; statementTimeoutMs?: number } = {},
): Database {
  const { connections = 8, statementTimeoutMs = 0 } = options;
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'darkroom',
    statement_timeout: statementTimeoutMs,
  });
  // Between being handed out and being used a connection has nobody who listens to its errors, and one that is ended by
  // the server just then would end the process. Whoever uses it hears of it by its answer that does not come.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', () => undefined);
  const nameOf = createStatementNames();
  const adapter = new PrismaPg(pool, { statementNameGenerator: nameOf });
  const prisma = new PrismaClient({ adapter });
  return {
    prisma,
    async rows<Row extends object>({ text, values }: Prisma.Sql) {
      const name = nameOf({ sql: text });
      const { rows } = await pool.query<Row>({ name, text, values, types: asPrisma });
      return rows;
    },
    transaction: async (work) =>
      await prisma.$transaction(work, { isolationLevel: 'ReadCommitted', timeout: 60_000, maxWait: 10_000 }),
    async close() {
      await prisma.$disconnect();
      // Prisma, which may never have been asked anything, would leave it open.
      await pool.end();
    },
  };
}

const { INT8, TIMESTAMPTZ } = types.builtins;
const asPrisma: CustomTypesConfig = {
  getTypeParser(type, format) {
    if (type === INT8) return BigInt;
    if (type === TIMESTAMPTZ) return readTime;
    // oxlint-disable-next-line typescript/no-unsafe-return -- pg gives parsers of any
    return types.getTypeParser(type, format);
  },
};

/** Before a statement of which there are many texts, or whose best plan depends on its values: it is not kept prepared. */
export const plannedAnew = Prisma.raw('/* planned anew */');

/** What is asked again; a table or partition is made once. */
const asked = /^\s*(?:select|with|insert|update|delete)\b/i;

/** Statements kept prepared on a connection at most: Prisma writes another text for every length of a list. */
const preparedAtMost = 200;

/**
 * Names statements, so that a connection parses and plans each only once: over many months' partitions planning takes
 * longer than reading. One without a name is planned every time.
 */
function createStatementNames(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    if (sql.startsWith(plannedAnew.sql) || !asked.test(sql)) return '';
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= preparedAtMost) return '';
    const name = `darkroom_${names.size}`;
    names.set(sql, name);
    return name;
  };
}

/** A deadlock or a failed serialization, in Prisma's and in PostgreSQL's codes: no row's fault. */
const writeConflicts = new Set<unknown>(['P2034', '40001', '40P01']);

/** Whether the database refused a statement for its data: another row may still be welcome. */
export function isRowFault(error: unknown): boolean {
  const refused =
    error instanceof DatabaseError ||
    (error instanceof Prisma.PrismaClientKnownRequestError && error.code.startsWith('P2'));
  return refused && !writeConflicts.has(error.code) && !isConnectionFault(error);
}
