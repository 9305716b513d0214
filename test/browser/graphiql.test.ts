// GraphiQL in a real browser, on a small server of the test's own.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGraphiql } from '../../src/server/graphiql.js';
import { closeBrowser, launchBrowser, unsupported, type LaunchedBrowser } from './support/browser.js';
import { KEY, startTinyServer, type TinyServer } from './support/tiny-server.js';

const EDITOR = '.graphiql-query-editor .CodeMirror';
const HEADERS = '.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror';
const RUN = '.graphiql-execute-button';
const RESULT = '.result-window';

if (unsupported !== null) process.stderr.write(`test/browser/graphiql.test.ts skipped: ${unsupported}\n`);

describe.skipIf(unsupported !== null)('GraphiQL in a browser', () => {
  let launched: LaunchedBrowser;
  let browser: Browser;
  let server: TinyServer;
  let opened: BrowserContext | null = null;

  beforeAll(async () => {
    launched = await launchBrowser();
    browser = launched.browser;
  }, 120_000);
  afterAll(() => closeBrowser(launched));
  afterEach(async () => {
    await opened?.close();
    await server.close();
  });

  async function open(apiKey: string | null): Promise<Visit> {
    server = await startTinyServer(apiKey);
    opened = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    opened.setDefaultTimeout(10_000);
    const visit = await watch(opened, server.url);
    const answer = await visit.page.goto(`${server.url}/graphql`);
    expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'");
    await visit.page.locator(RUN).waitFor();
    return visit;
  }

  it('runs a query and a subscription with the embedded key, from its own files only', async () => {
    const visit = await open(KEY);
    const { page } = visit;
    await page.locator(EDITOR).getByText('ListProfiles').waitFor();
    expect(await page.locator('.graphiql-tab-button').allTextContents()).toEqual([
      'ListProfiles',
      'GenerateFromPrompt',
      'WatchEvents',
      'WatchGeneration',
    ]);
    expect(await page.locator(HEADERS).textContent()).toContain(`Bearer ${KEY}`);
    await expect.poll(() => server.introspections).toEqual([`Bearer ${KEY}`]);

    await write(page, EDITOR, '{ hello }');
    await page.locator(RUN).click();
    await page.locator(RESULT).getByText('"hello": "world"').waitFor();

    await page.locator('.graphiql-tab-button').nth(2).click();
    expect(await page.locator(HEADERS).textContent()).toContain(`Bearer ${KEY}`);
    await write(page, EDITOR, 'subscription Watch { ticks }');
    await page.locator(RUN).click();
    await page.locator(RESULT).getByText('"ticks": 2').waitFor();
    expect(visit.sockets).toEqual([`${server.url.replace('http', 'ws')}/graphql`]);
    expect(server.connectionParams).toEqual([{ authorization: `Bearer ${KEY}` }]);

    expect(server.running()).toBe(1);
    await page.locator(RUN).click();
    await expect.poll(() => server.running()).toBe(0);
    await quiet(visit);
  });

  it('keeps its tabs over a reload, and adds none', async () => {
    const visit = await open(KEY);
    await visit.page.locator(EDITOR).getByText('ListProfiles').waitFor();
    await expect.poll(() => visit.page.evaluate('localStorage.length')).toBeGreaterThan(1);
    await visit.page.reload();
    await visit.page.locator(EDITOR).getByText('ListProfiles').waitFor();
    expect(await visit.page.locator('.graphiql-tab-button').count()).toBe(4);
    expect(await visit.page.evaluate('JSON.stringify(localStorage)')).not.toContain(KEY);
    await quiet(visit);
  });

  it('reads the open schema, asks for a key, and takes it on in the other tabs', async () => {
    const visit = await open(null);
    const { page } = visit;
    await page.locator(HEADERS).getByText('Bearer <your API key>').waitFor();
    await write(page, EDITOR, '{ hello }');
    await page.locator(RUN).click();
    await page.locator(RESULT).getByText('Put your API key in place of').waitFor();
    expect(server.introspections).toEqual([null]);

    await write(page, HEADERS, JSON.stringify({ Authorization: `Bearer ${KEY}` }));
    await expect.poll(() => server.introspections).toEqual([null, `Bearer ${KEY}`]);
    await page.locator(RUN).click();
    await page.locator(RESULT).getByText('"hello": "world"').waitFor();
    await page.locator('.graphiql-tab-button').nth(1).click();
    await page.locator(HEADERS).getByText(`Bearer ${KEY}`).waitFor();
    await quiet(visit);
  });

  it('shows why a subscription is refused', async () => {
    const { page } = await open(KEY);
    await page.locator(HEADERS).waitFor();
    await write(page, HEADERS, '{ "Authorization": "Bearer wrong" }');
    await write(page, EDITOR, 'subscription { ticks }');
    await page.locator(RUN).click();
    await page.locator(RESULT).getByText('the connection closed').waitFor();
    expect(await page.locator(RESULT).textContent()).toContain('(4403, Forbidden)');
  });
});

describe('the page', () => {
  const key = 'k</script><script>alert(1)</script><!--';
  const graphiql = createGraphiql({ graphqlPath: '/graphql', apiKey: key });

  it('holds a key that cannot end the script element', () => {
    const settings = /id="graphiql-settings">(.*)<\/script>/.exec(graphiql.page())?.[1] ?? '';
    expect(settings).not.toContain('<');
    expect(JSON.parse(settings)).toMatchObject({ graphqlPath: '/graphql', headers: expect.stringContaining(key) });
  });

  it.each([
    [{ host: 'localhost:4000' }, true],
    [{ host: '127.0.0.1:4000', 'sec-fetch-mode': 'navigate' }, true],
    [{ host: '[::1]:4000' }, true],
    [{ host: 'localhost:4000', 'sec-fetch-mode': 'cors' }, false],
    [{ host: 'localhost:4000', 'sec-fetch-mode': 'no-cors' }, false],
    [{ host: 'rebound.example:4000', 'sec-fetch-mode': 'navigate' }, false],
    [{ host: '127.0.0.1.example' }, false],
    [{}, false],
  ])('asked with %j gives the key: %s', (headers, given) => {
    expect(graphiql.page(headers).includes('alert(1)')).toBe(given);
  });
});

interface Visit {
  page: Page;
  foreign: string[];
  sockets: string[];
  complaints: string[];
}

async function watch(context: BrowserContext, origin: string): Promise<Visit> {
  const page = await context.newPage();
  const visit: Visit = { page, foreign: [], sockets: [], complaints: [] };
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) visit.foreign.push(request.url());
  });
  page.on('websocket', (socket) => visit.sockets.push(socket.url()));
  page.on('pageerror', (error) => visit.complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') visit.complaints.push(message.text());
  });
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (event) =>
       console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI));`,
  );
  return visit;
}

async function quiet(visit: Visit): Promise<void> {
  await visit.page.waitForLoadState('networkidle');
  expect({ foreign: visit.foreign, complaints: visit.complaints }).toEqual({ foreign: [], complaints: [] });
}

/** Typing would meet the editor's closing of brackets. */
async function write(page: Page, editor: string, text: string): Promise<void> {
  await page.locator(editor).waitFor();
  const [selector, value] = [JSON.stringify(editor), JSON.stringify(text)];
  await page.evaluate(`document.querySelector(${selector}).CodeMirror.setValue(${value})`);
}
