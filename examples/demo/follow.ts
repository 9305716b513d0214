import { followGenerations, type FollowMessage, type FollowState } from '../../src/client/follow-generations.js';

/** Prints every change in the project as it happens, over whatever happens to the connection, until the signal. */
export async function followProject(
  { url, apiKey }: { url: string; apiKey: string },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const onState = (state: FollowState): void => {
    if (state.state === 'waiting') say(`${time(new Date())}  ${state.reason} Again in ${Math.ceil(state.inMs)} ms …`);
  };
  const { WebSocket } = globalThis as { WebSocket?: unknown };
  // Node 20 has no WebSocket of its own.
  const transport = WebSocket === undefined ? 'sse' : 'ws';
  for await (const message of followGenerations({ url, apiKey, transport, signal, onState })) {
    for (const line of linesOf(message)) say(line);
  }
}

export function linesOf(message: FollowMessage): string[] {
  if (message.kind === 'snapshot') {
    const { running, gap } = message;
    const head = gap ? 'Some changes were missed for good. Running now' : 'Running now';
    return [`${head}: ${running.length === 0 ? 'nothing' : running.length}`, ...running.map(runningLine)];
  }
  const { at, generationId, status, code, generation } = message.event;
  const image = status === 'SUCCEEDED' ? generation?.images[0]?.url : undefined;
  return [[time(new Date(at)), generationId, status, code, image].filter((part) => part != null).join('  ')];
}

function runningLine({ updatedAt, id, status }: { updatedAt: string; id: string; status: string }): string {
  return `${time(new Date(updatedAt))}  ${id}  ${status}`;
}

function time(at: Date): string {
  return at.toTimeString().slice(0, 8);
}
