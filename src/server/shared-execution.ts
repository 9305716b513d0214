import { createHash } from 'node:crypto';
import { createSourceEventStream, execute, getOperationAST, Kind, visit, type ExecutionResult } from 'graphql';
import type { Operation } from './operation.js';

type Results = Map<string, Promise<ExecutionResult> | ExecutionResult>;

/**
 * Subscribes as graphql-js does, but streams that ask for the same fields with the same key share what was executed for a
 * value that they were all given: a change of interest to many costs one execution.
 */
export function createSubscribe(): (
  operation: Operation,
) => Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
  const results = new WeakMap<object, Results>();

  return async (operation) => {
    const source = await createSourceEventStream(operation);
    if (!(Symbol.asyncIterator in source)) return source;
    const values = source[Symbol.asyncIterator]();
    const name = shareName(operation);

    function run(value: unknown): Promise<ExecutionResult> | ExecutionResult {
      if (typeof value !== 'object' || value === null) return execute({ ...operation, rootValue: value });
      const named: Results = results.get(value) ?? new Map();
      results.set(value, named);
      const known = named.get(name);
      if (known !== undefined) return known;
      const result = execute({ ...operation, rootValue: value });
      named.set(name, result);
      return result;
    }

    // No generator: its `return` would wait for the value that it is just asked for.
    const shared: AsyncGenerator<ExecutionResult, void, void> = {
      async next() {
        const { done, value } = await values.next();
        return done === true ? { done, value: undefined } : { done: false, value: await run(value) };
      },
      async return() {
        await values.return?.();
        return { done: true, value: undefined };
      },
      async throw(error) {
        await values.return?.();
        throw error;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
      async [Symbol.asyncDispose]() {
        await values.return?.();
      },
    };
    return shared;
  };
}

/**
 * The same for operations whose results are the same for a given value: of one key and one document, with the same variables
 * below the root field. Those of the root field's own arguments have done their part when the stream was made.
 */
function shareName({ document, operationName, variableValues, contextValue }: Operation): string {
  const used = new Set<string>();
  const collect = {
    Variable: ({ name }: { name: { value: string } }) => void used.add(name.value),
  };
  const root = getOperationAST(document, operationName)?.selectionSet.selections ?? [];
  for (const each of root) {
    for (const directive of each.directives ?? []) visit(directive, collect);
    if (each.kind === Kind.FIELD && each.selectionSet !== undefined) visit(each.selectionSet, collect);
    if (each.kind === Kind.INLINE_FRAGMENT) visit(each.selectionSet, collect);
  }
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) visit(definition, collect);
  }
  const variables = [...used].sort().map((name) => [name, variableValues?.[name] ?? null]);
  const source = document.loc?.source.body ?? '';
  const parts = [contextValue.viewer?.keyId ?? null, operationName ?? null, variables, source];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
