import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { CLIENT_SCRIPT, CLIENT_STYLE, KEY_PLACEHOLDER } from './graphiql-client.js';
import { mayReadKey, PAGE_HEADERS, renderPage } from './graphiql-page.js';
import { GRAPHIQL_TABS } from './graphiql-tabs.js';

export interface Graphiql {
  /** The routes of the page's scripts and styles. They must answer without a key. */
  readonly assets: FastifyPluginAsync;
  /** The headers to send with the page. */
  readonly headers: Readonly<Record<string, string>>;
  /** The page. With the request's headers given, the key stays out of it for anyone but a browser on this machine. */
  page(asked?: IncomingHttpHeaders): string;
}

interface Asset {
  readonly url: string;
  readonly type: 'script' | 'style';
  read(): Promise<string>;
}

const PREFIX = '/graphiql';
const MEDIA_TYPE = { script: 'text/javascript; charset=utf-8', style: 'text/css; charset=utf-8' } as const;

const require = createRequire(import.meta.url);

// GraphiQL 4 is the last whose package holds a build that a browser runs as it is; that build wants React 18 as a global.
const PACKAGED = [
  { type: 'style', name: 'graphiql', manifest: require.resolve('graphiql/package.json'), file: 'graphiql.min.css' },
  {
    type: 'script',
    name: 'react',
    manifest: require.resolve('react/package.json'),
    file: 'umd/react.production.min.js',
  },
  {
    type: 'script',
    name: 'react-dom',
    manifest: require.resolve('react-dom/package.json'),
    file: 'umd/react-dom.production.min.js',
  },
  {
    type: 'script',
    name: 'graphql-ws',
    manifest: require.resolve('graphql-ws/package.json'),
    file: 'umd/graphql-ws.min.js',
  },
  { type: 'script', name: 'graphiql', manifest: require.resolve('graphiql/package.json'), file: 'graphiql.min.js' },
] as const;

const packageSchema = z.object({ version: z.string() });

/** GraphiQL for browsers, made of nothing but files of installed packages and our own. */
export function createGraphiql(options: { graphqlPath: string; apiKey: string | null }): Graphiql {
  const { graphqlPath, apiKey } = options;
  const files = [...PACKAGED.map(packagedAsset), ownAsset('style', CLIENT_STYLE), ownAsset('script', CLIENT_SCRIPT)];
  const withoutKey = pageFor(null);
  const withKey = apiKey === null ? withoutKey : pageFor(apiKey);

  function pageFor(key: string | null): string {
    return renderPage({
      settings: {
        graphqlPath,
        headers: JSON.stringify({ Authorization: `Bearer ${key ?? KEY_PLACEHOLDER}` }, null, 2),
        keyEmbedded: key !== null,
        keyPlaceholder: KEY_PLACEHOLDER,
        tabs: GRAPHIQL_TABS,
      },
      styles: files.filter((file) => file.type === 'style').map((file) => file.url),
      scripts: files.filter((file) => file.type === 'script').map((file) => file.url),
    });
  }

  return {
    async assets(app) {
      for (const file of files) {
        const body = await file.read();
        app.get(file.url, (_request, reply) =>
          reply
            .header('content-type', MEDIA_TYPE[file.type])
            .header('cache-control', 'public, max-age=31536000, immutable')
            .header('x-content-type-options', 'nosniff')
            .send(body),
        );
      }
    },
    headers: PAGE_HEADERS,
    page: (asked) => (asked === undefined || mayReadKey(asked) ? withKey : withoutKey),
  };
}

// A name holds the version, or the content's hash, so that a browser may keep the file for good.

function packagedAsset(from: (typeof PACKAGED)[number]): Asset {
  const { version } = packageSchema.parse(JSON.parse(readFileSync(from.manifest, 'utf8')));
  const extension = from.type === 'script' ? 'js' : 'css';
  return {
    url: `${PREFIX}/${from.name}-${version}.${extension}`,
    type: from.type,
    read: () => readFile(join(dirname(from.manifest), from.file), 'utf8'),
  };
}

function ownAsset(type: Asset['type'], content: string): Asset {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return { url: `${PREFIX}/darkroom-${hash}.${type === 'script' ? 'js' : 'css'}`, type, read: async () => content };
}
