import { expect, it } from 'vitest';
import { isConnectionFault } from '../../src/connection-fault.js';

it.each([
  ['the server stops', { code: '57P01' }],
  ['there are too many connections', { code: '53300' }],
  ['the connection broke', { code: '08006' }],
  ['Prisma finds no server', { code: 'P1001' }],
  ['nobody listens', { code: 'ECONNREFUSED' }],
  ['pg gave up waiting', new Error('timeout exceeded when trying to connect')],
  ['pg lost the connection', new Error('Connection terminated unexpectedly')],
  ["Prisma's raw query found no server", new Error("Code: `N/A`. Message: `Can't reach database server at x`")],
  ["Prisma quotes Postgres' code", new Error('Raw query failed. Code: `57P03`. Message: `starting up`')],
  ['it lies deeper', new Error('Query failed', { cause: { cause: { code: '57P01' } } })],
])('tells that %s', (_, error) => {
  expect(isConnectionFault(error)).toBe(true);
});

it.each([
  ['a row that is refused', { code: 'P2002' }],
  ["another of Postgres' codes", new Error('Raw query failed. Code: `23505`. Message: `duplicate key`')],
  ['a wrong statement', { code: '42601' }],
  ['a full disk', { code: '53100' }],
  ['a fault of ours', new TypeError('x is not a function')],
  ['nothing', null],
  ['a text', 'ECONNREFUSED'],
])('takes %s for something else', (_, error) => {
  expect(isConnectionFault(error)).toBe(false);
});
