export type ServerSentEvent = { event: string; data: string };

/** Reads server-sent events; `heard` is called for whatever comes, pings included. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  heard: () => void,
): AsyncGenerator<ServerSentEvent, void, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = readBlock(block);
        if (event !== null) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Null for a comment, which is a ping. */
function readBlock(block: string): ServerSentEvent | null {
  const found = { event: '', data: [] as string[] };
  for (const line of block.split('\n')) {
    const [, name, value] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
    if (name === 'event') found.event = value ?? '';
    if (name === 'data') found.data.push(value ?? '');
  }
  return found.event === '' ? null : { event: found.event, data: found.data.join('\n') };
}
