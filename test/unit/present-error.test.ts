import { buildSchema, graphql, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { asError, DarkroomError, errorCodes, type ErrorCode } from '../../src/errors.js';
import { asApolloError, contextError, presentError } from '../../src/server/present-error.js';
import { quietLogger } from './fakes.js';

function present(error: unknown): { shown: GraphQLFormattedError; logged: unknown[][] } {
  const { logger, errors } = quietLogger();
  const shown = presentError(error, 'req-7', logger);
  return { shown, logged: errors.mock.calls };
}
const masked = {
  message: 'Something went wrong here; the log has it under request id req-7.',
  extensions: { code: 'INTERNAL', requestId: 'req-7' },
};
const codes = Object.keys(errorCodes).filter((code): code is ErrorCode => code in errorCodes);

describe('an error of our own', () => {
  it.each(codes.filter((code) => code !== 'INTERNAL'))('%s is shown with its code and logged nowhere', (code) => {
    const { shown, logged } = present(new DarkroomError(code, 'Do this instead.', { cause: new Error('secret') }));
    expect(shown).toEqual({ message: 'Do this instead.', extensions: { code } });
    expect(logged).toEqual([]);
  });

  it('of the kind INTERNAL is hidden like any fault', () => {
    const error = new DarkroomError('INTERNAL', 'The file /secret is damaged.');
    expect(present(error)).toEqual({
      shown: masked,
      logged: [[{ err: error, requestId: 'req-7' }, 'A request failed']],
    });
  });
});

describe('an error of GraphQL', () => {
  it('is shown, as a bad request where it says nothing else', () => {
    expect(present(new GraphQLError('Cannot query field "x".')).shown).toEqual({
      message: 'Cannot query field "x".',
      extensions: { code: 'BAD_REQUEST' },
    });
  });

  it('keeps its code and nothing else of its extensions', () => {
    const error = new GraphQLError('No.', {
      extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', stacktrace: ['secret'] },
    });
    expect(present(error).shown).toEqual({ message: 'No.', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } });
  });
});

describe('anything else', () => {
  it.each([
    new Error('connect ECONNREFUSED 10.0.0.1'),
    new TypeError('x is not a function'),
    'a text',
    null,
    undefined,
  ])('(%o) is hidden behind the request id, and logged in full', (error) => {
    const { shown, logged } = present(error);
    expect(shown).toEqual(masked);
    expect(logged).toEqual([[{ err: asError(error), requestId: 'req-7' }, 'A request failed']]);
  });
});

describe('what a resolver throws', () => {
  const schema = buildSchema('type Query { a: String b: String! }');
  const run = async (thrown: unknown): Promise<ReturnType<typeof present>> => {
    const rootValue = {
      a: () => {
        throw thrown;
      },
    };
    const { errors = [] } = await graphql({ schema, source: '{\n  a\n}', rootValue });
    return present(errors[0]);
  };
  const place = { path: ['a'], locations: [{ line: 2, column: 3 }] };

  it('of our own is shown with its place', async () => {
    const { shown } = await run(new DarkroomError('NOT_FOUND', 'Not here.'));
    expect(shown).toEqual({ message: 'Not here.', ...place, extensions: { code: 'NOT_FOUND' } });
  });

  it('of GraphQL is shown with its place', async () => {
    const { shown } = await run(new GraphQLError('No such date.'));
    expect(shown).toEqual({ message: 'No such date.', ...place, extensions: { code: 'BAD_REQUEST' } });
  });

  it('of anybody else is hidden, and its place is not', async () => {
    const { shown, logged } = await run(new Error('password'));
    expect(shown).toEqual({ ...masked, ...place });
    expect(logged).toHaveLength(1);
  });

  it('is looked for under any number of wrappings', () => {
    const wrap = (error: Error): GraphQLError => new GraphQLError(error.message, { originalError: error });
    expect(present(wrap(wrap(new DarkroomError('FORBIDDEN', 'No.')))).shown.extensions).toEqual({ code: 'FORBIDDEN' });
    expect(present(wrap(wrap(new Error('password')))).shown).toEqual(masked);
  });

  it('and what breaks a promise of the schema is a fault of ours', async () => {
    const { errors = [] } = await graphql({ schema, source: '{ b }', rootValue: { b: null } });
    expect(present(errors[0]).shown).toMatchObject(masked);
  });
});

describe('an error for Apollo', () => {
  it('has the HTTP status of its code', () => {
    for (const code of codes) {
      const error = asApolloError(new DarkroomError(code, 'No.'));
      expect(error).toBeInstanceOf(GraphQLError);
      expect(error).toMatchObject({ message: 'No.', extensions: { code, http: { status: errorCodes[code] } } });
    }
  });

  it('is what it was when it is none of ours', () => {
    const error = new Error('password');
    expect(asApolloError(error)).toBe(error);
  });

  it('is presented like the one inside', () => {
    expect(present(asApolloError(new DarkroomError('TOO_LARGE', 'No.'))).shown.extensions).toEqual({
      code: 'TOO_LARGE',
    });
  });
});

describe('when it could not even be said who asks', () => {
  it('an error of our own is shown with its status', () => {
    const { logger, errors } = quietLogger();
    expect(contextError(new DarkroomError('UNAUTHENTICATED', 'No.'), 'req-7', logger)).toMatchObject({
      message: 'No.',
      extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
    });
    expect(errors).not.toHaveBeenCalled();
  });

  it('a database that is away is said to be one', () => {
    const { logger, errors } = quietLogger();
    expect(contextError({ code: '57P01' }, 'req-7', logger)).toMatchObject({
      extensions: { code: 'UNAVAILABLE', http: { status: 503 } },
    });
    expect(errors).not.toHaveBeenCalled();
  });

  it('anything else is hidden, logged and a fault of ours', () => {
    const { logger, errors } = quietLogger();
    const error = contextError(new Error('password'), 'req-7', logger);
    expect(error).toBeInstanceOf(GraphQLError);
    expect(error).toMatchObject({
      message: masked.message,
      extensions: { ...masked.extensions, http: { status: 500 } },
    });
    expect(errors).toHaveBeenCalledTimes(1);
  });
});
