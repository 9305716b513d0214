import type { IncomingHttpHeaders } from 'node:http';
import { SETTINGS_ID, type ClientSettings } from './graphiql-client.js';

/**
 * Nothing but our own files may load or be called. GraphiQL sets styles inline and its style sheet carries its fonts and a
 * few pictures as data.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** To be sent with the page, which may hold a key: so it is kept in no cache and shown in no frame. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/**
 * Whether the one who asks may read a key in the page: only a person who opened it in a browser on this machine. A script
 * of another site that fetches the page says so in Sec-Fetch-Mode; one whose name was made to point at this machine says
 * so in Host.
 */
export function mayReadKey(headers: IncomingHttpHeaders): boolean {
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined && mode !== 'navigate') return false;
  const url = `http://${headers.host ?? ''}`;
  if (!URL.canParse(url)) return false;
  const name = new URL(url).hostname;
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(?:\.\d+){3}$/.test(name);
}

export function renderPage(options: {
  readonly settings: ClientSettings;
  readonly styles: readonly string[];
  readonly scripts: readonly string[];
}): string {
  const { settings, styles, scripts } = options;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Darkroom GraphiQL</title>
    <link rel="icon" href="data:,">
${styles.map((href) => `    <link rel="stylesheet" href="${href}">`).join('\n')}
    <script type="application/json" id="${SETTINGS_ID}">${jsonForHtml(settings)}</script>
${scripts.map((src) => `    <script defer src="${src}"></script>`).join('\n')}
  </head>
  <body>
    <div id="graphiql"><p>Loading GraphiQL, which needs JavaScript.</p></div>
  </body>
</html>
`;
}

/** JSON that ends no script element and begins no comment, whatever the texts in it hold. */
function jsonForHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', String.raw`\u003c`);
}
