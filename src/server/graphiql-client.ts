/** The id of the page's element that holds the settings as JSON. */
export const SETTINGS_ID = 'graphiql-settings';

/** The words in the headers editor that a person replaces by a key. */
export const KEY_PLACEHOLDER = '<your API key>';

/** What the page tells the script. */
export interface ClientSettings {
  readonly graphqlPath: string;
  readonly headers: string;
  readonly keyEmbedded: boolean;
  readonly keyPlaceholder: string;
  readonly tabs: readonly { readonly query: string }[];
}

/**
 * What runs in the browser. It is text, not a module of its own: the compiler copies no JavaScript file, and the browser's
 * types have no place in a server's build.
 */
export const CLIENT_SCRIPT = String.raw`'use strict';
(function () {
  const settings = JSON.parse(document.getElementById('${SETTINGS_ID}').textContent);
  const GraphiQL = window.GraphiQL;

  // A namespace of our own: other services run on this host and port at other times, with tabs of their own.
  const storage = GraphiQL.createLocalStorage({ namespace: 'darkroom' });
  // GraphiQL adds an empty tab when the query it kept is in none of its tabs, as after a first visit without an edit.
  if (!storage.getItem('graphiql:tabState')) storage.setItem('graphiql:query', settings.tabs[0].query);
  const keepHeaders = !settings.keyEmbedded && storage.getItem('graphiql:shouldPersistHeaders') === 'true';
  const keptHeaders = keepHeaders ? storage.getItem('graphiql:headers') : null;

  let defaultHeaders = keptHeaders || settings.headers;
  let knownAuthorization = authorizationOf(parseHeaders(defaultHeaders));

  function parseHeaders(text) {
    try {
      const value = JSON.parse(text);
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
    } catch {
      return {};
    }
  }

  function authorizationOf(headers) {
    const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization');
    return name === undefined ? undefined : headers[name];
  }

  // GraphiQL prints an error with its stack, which tells nobody anything here.
  function plainError(message) {
    const error = new Error(message);
    error.stack = undefined;
    return error;
  }

  async function ask(params, headers) {
    let response;
    try {
      response = await fetch(settings.graphqlPath, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(params),
      });
    } catch (cause) {
      throw plainError('The request could not be sent: ' + cause.message);
    }
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      throw plainError('HTTP ' + response.status + ' ' + response.statusText + ': ' + text.slice(0, 500));
    }
  }

  function socketError(cause) {
    if (Array.isArray(cause)) return cause;
    if (cause && typeof cause.code === 'number') {
      const reason = cause.reason ? ', ' + cause.reason : '';
      return plainError('The subscription ended: the connection closed (' + cause.code + reason + ').');
    }
    return plainError('The subscription ended: ' + (cause && cause.message ? cause.message : String(cause)));
  }

  function subscribe(params, headers) {
    const authorization = authorizationOf(headers);
    const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://';
    // One socket for one subscription, closed with it: the key in the headers may differ at the next.
    const client = graphqlWs.createClient({
      url: scheme + location.host + settings.graphqlPath,
      connectionParams: authorization === undefined ? {} : { authorization },
      retryAttempts: 0,
    });
    const results = client.iterate(params);
    // Not an async generator: its return would wait for the next value before it let the server know.
    return {
      next: () => results.next().catch((cause) => Promise.reject(socketError(cause))),
      return: () => results.return(),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  // GraphiQL's own reading of the query lags behind the text by a moment, so a quick hand would run what stood before.
  function operationsIn(query) {
    const bare = query.replace(/"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|#[^\n\r]*/g, ' ');
    const operations = [];
    let depth = 0;
    let current = null;
    for (const [token] of bare.matchAll(/[{}()]|[$@]?[_A-Za-z]\w*/g)) {
      if (token === '{' || token === '(') {
        if (current === null) operations.push((current = { type: 'query' }));
        depth += 1;
      } else if (token === '}' || token === ')') {
        depth -= 1;
        if (depth === 0 && token === '}') current = null;
      } else if (depth === 0) {
        if (current === null) operations.push((current = { type: token }));
        else if (current.name === undefined && !token.startsWith('@')) current.name = token;
      }
    }
    return operations.filter((one) => one.type !== 'fragment');
  }

  function execute(params, options) {
    const introspection = params.operationName === 'IntrospectionQuery';
    // The first introspection comes before the headers editor exists, hence without headers.
    const headers = options.headers || (introspection ? parseHeaders(defaultHeaders) : {});
    if (String(authorizationOf(headers)).includes(settings.keyPlaceholder)) {
      // The schema is open to all, but words that are no key would be refused.
      if (introspection) return ask(params, {});
      const message =
        'Put your API key in place of ' + settings.keyPlaceholder + ' in the Headers editor, then run this again.';
      return Promise.resolve({ errors: [{ message }] });
    }
    const operations = operationsIn(params.query);
    const chosen =
      operations.length === 1 ? operations[0] : operations.find((one) => one.name === params.operationName);
    const asked = chosen === undefined ? params : { ...params, operationName: chosen.name };
    return chosen !== undefined && chosen.type === 'subscription' ? subscribe(asked, headers) : ask(asked, headers);
  }

  // A new key brings a new function to call, at which GraphiQL reads the schema again, and is given to tabs not yet opened.
  let timer;
  function noteHeaders(text) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const authorization = authorizationOf(parseHeaders(text));
      if (typeof authorization !== 'string' || authorization === knownAuthorization) return;
      if (authorization.includes(settings.keyPlaceholder)) return;
      knownAuthorization = authorization;
      defaultHeaders = text;
      render();
    }, 500);
  }

  const root = ReactDOM.createRoot(document.getElementById('graphiql'));
  const logo = React.createElement(GraphiQL.Logo, null, 'Darkroom');
  let fetcher = execute;
  let renderedFor = knownAuthorization;

  function render() {
    if (renderedFor !== knownAuthorization) {
      renderedFor = knownAuthorization;
      fetcher = (params, options) => execute(params, options);
    }
    const props = {
      fetcher,
      storage,
      defaultHeaders,
      defaultTabs: settings.tabs,
      defaultEditorToolsVisibility: 'headers',
      onEditHeaders: noteHeaders,
      shouldPersistHeaders: keepHeaders,
      showPersistHeadersSettings: !settings.keyEmbedded,
    };
    root.render(React.createElement(GraphiQL, props, logo));
  }

  render();
})();
`;

export const CLIENT_STYLE = `html, body { margin: 0; height: 100%; overflow: hidden; }
#graphiql { height: 100dvh; }
#graphiql > p { margin: 2rem; font-family: system-ui, sans-serif; }
`;
