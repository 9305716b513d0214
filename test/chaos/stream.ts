import type { Connection, Opening } from './connection.js';

/** graphql-sse with one connection for one operation, spoken by hand, and cut in the middle with nothing tidied up. */
export function openStream({ url, authorization, subscribe, onReady, onNext, onRefused }: Opening): Connection {
  const cutting = new AbortController();
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization };

  async function read(): Promise<void> {
    const response = await fetch(`${url}/graphql/stream`, {
      method: 'POST',
      headers,
      body: JSON.stringify(subscribe),
      signal: cutting.signal,
    });
    if (response.status !== 200 || response.body === null) {
      onRefused?.(await response.json());
      return;
    }
    onReady?.();
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        if (cutting.signal.aborted) return;
        const event = text.slice(0, end);
        text = text.slice(end + 2);
        const data = /^data: ?(.+)$/m.exec(event)?.[1];
        if (/^event: ?next$/m.test(event) && data !== undefined) onNext?.(JSON.parse(data));
        if (/^event: ?complete$/m.test(event)) return;
      }
    }
  }

  // What went wrong does not matter here: it is over, and is opened again.
  const over = read().catch(() => undefined);
  return { over, cut: () => cutting.abort() };
}
