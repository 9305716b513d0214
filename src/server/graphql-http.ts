import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import type { DocumentNode, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import type { Context } from '../graphql/context.js';
import type { Logger } from '../logger.js';
import { operationLimits, type Prepare } from './guard.js';
import { asApolloError, presentError } from './present-error.js';

/** GraphQL over HTTP: Apollo with the guard before every execution and masked errors after it. */
export function createApollo(options: {
  schema: GraphQLSchema;
  prepare: Prepare;
  logger: Logger;
  /** Hears of every document that may be executed. */
  onGood: (source: string, document: DocumentNode) => void;
}): ApolloServer<Context> {
  const { schema, prepare, logger, onGood } = options;

  const guarding: ApolloServerPlugin<Context> = {
    async requestDidStart() {
      return {
        async didResolveOperation({ source, document, operationName, request, contextValue }) {
          try {
            prepare(document, operationName, request.variables, contextValue.viewer);
          } catch (error) {
            throw asApolloError(error);
          }
          onGood(source, document);
        },
        async willSendResponse({ errors, response, contextValue }) {
          if (errors === undefined || response.body.kind !== 'single') return;
          const { singleResult } = response.body;
          singleResult.errors = errors.map((error, index) =>
            present(error, singleResult.errors?.[index], contextValue.requestId),
          );
        },
      };
    },
  };

  function present(
    error: unknown,
    formatted: GraphQLFormattedError | undefined,
    requestId: string,
  ): GraphQLFormattedError {
    const shown = presentError(error, requestId, logger);
    // Apollo knows the code of its own errors (GRAPHQL_VALIDATION_FAILED and the like) better than we do.
    const code = formatted?.extensions?.['code'];
    const own = shown.extensions?.['code'] === 'BAD_REQUEST' && typeof code === 'string' && code !== 'INTERNAL';
    return own ? { ...shown, extensions: { ...shown.extensions, code } } : shown;
  }

  return new ApolloServer<Context>({
    schema,
    introspection: true,
    parseOptions: { maxTokens: operationLimits.tokens },
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    // Without cache control: nothing here may be cached, and it would wrap every field's resolver to find that out.
    plugins: [guarding, ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled()],
    // Errors that come before a request has a context (a body that is no JSON) pass only here.
    formatError: (formatted) =>
      formatted.extensions?.['code'] === 'INTERNAL_SERVER_ERROR'
        ? { message: 'Something went wrong here.', extensions: { code: 'INTERNAL' } }
        : formatted,
    logger: {
      debug: (message: unknown) => logger.debug(String(message)),
      info: (message: unknown) => logger.info(String(message)),
      warn: (message: unknown) => logger.warn(String(message)),
      error: (message: unknown) => logger.error(String(message)),
    },
  });
}
