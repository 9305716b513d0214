/**
 * Codes that say that the database could not be asked, not that it refused: Postgres' classes 08 (connection) and 57P
 * (shutdown) and "too many connections", Prisma's for the same, and the network's.
 */
const codes = new Set(
  '53300 57P01 57P02 57P03 57P04 57P05 P1001 P1002 P1008 P1017 P2024 P2028 P2037 ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT ENOTFOUND EHOSTUNREACH'.split(
    ' ',
  ),
);
/** What pg and Prisma say without a code of their own; Prisma quotes Postgres' code in its message. */
const words = new RegExp(
  [
    'timeout exceeded when trying to connect',
    'Connection terminated',
    'Client has encountered a connection error',
    "Can't reach database server",
    'Server has closed the connection',
    'Code: `(53300|57P0[1-5]|08[0-9A-Z]{3})`',
  ].join('|'),
);

/** Whether an error means that the same request may well succeed in a moment. */
export function isConnectionFault(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && typeof error.code === 'string' && (codes.has(error.code) || /^08...$/.test(error.code))) {
    return true;
  }
  if ('message' in error && typeof error.message === 'string' && words.test(error.message)) return true;
  return 'cause' in error && isConnectionFault(error.cause);
}
