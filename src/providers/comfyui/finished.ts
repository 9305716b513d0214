import { z } from 'zod';
import { readMarker, type Marker } from './marker.js';

export type OutputImage = { filename: string; subfolder: string };

/** A task that is over, from whichever of the server's two listings. */
export type FinishedTask = {
  end: 'success' | 'error' | 'interrupted';
  /** What went wrong, in the server's words. */
  error: { type: string; message: string; node: string } | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Kept images, previews left out, by node. */
  images: ReadonlyMap<string, OutputImage[]>;
  marker: Marker | null;
};

const text = z.string().catch('');
/** Milliseconds since the epoch, from 2001 to 2286. */
const moment = z
  .number()
  .min(1e12)
  .max(1e13)
  .transform((ms) => new Date(ms))
  .nullable()
  .catch(null);
const failure = z.looseObject({
  exception_type: text,
  exception_message: text,
  node_id: z.union([z.string(), z.number()]).transform(String).catch(''),
  node_type: text,
});
const message = z.tuple([z.string(), z.looseObject({ timestamp: moment })], z.unknown());
const status = z.looseObject({
  status_str: text,
  messages: z.array(z.unknown()).catch([]),
});
const image = z.looseObject({ filename: z.string().min(1).max(1024), subfolder: z.string().max(1024).catch('') });
const outputs = z.record(z.string(), z.looseObject({ images: z.array(z.unknown()).catch([]) }).catch({ images: [] }));

/** An entry of `/history`: the prompt is `[number, id, graph, extra data, outputs]`. */
export const historyEntry = z.looseObject({
  prompt: z.array(z.unknown()).catch([]),
  status: z.unknown().optional(),
  outputs: z.unknown().optional(),
});
/** A job of `/api/jobs/{id}` that is over. */
export const jobShape = z.looseObject({
  status: z.string().trim().min(1).max(60),
  execution_status: z.unknown().optional(),
  execution_error: z.unknown().optional(),
  outputs: z.unknown().optional(),
  workflow: z.looseObject({ extra_data: z.unknown() }).optional().catch(undefined),
});

const badWords: ReadonlySet<string> = new Set(['error', 'failed', 'cancelled', 'canceled']);

export function readHistoryEntry(entry: z.infer<typeof historyEntry>): FinishedTask {
  return readFinished({ word: '', status: entry.status, error: null, outputs: entry.outputs, extra: entry.prompt[3] });
}

export function readFinishedJob(job: z.infer<typeof jobShape>): FinishedTask {
  const { status: word, execution_status, execution_error, workflow } = job;
  return readFinished({
    word: word.toLowerCase(),
    status: execution_status,
    error: execution_error,
    outputs: job.outputs,
    extra: workflow?.extra_data,
  });
}

function readFinished(task: {
  word: string;
  status: unknown;
  error: unknown;
  outputs: unknown;
  extra: unknown;
}): FinishedTask {
  // A server that stopped in the middle may have kept no status at all: its outputs tell the rest.
  const { status_str, messages } = status.safeParse(task.status).data ?? { status_str: '', messages: [] };
  const events = messages.flatMap((each) => {
    const { data } = message.safeParse(each);
    return data === undefined ? [] : [{ name: data[0], data: data[1] }];
  });
  const find = (...names: string[]) => events.find(({ name }) => names.includes(name))?.data;
  const failed = failure.safeParse(find('execution_error') ?? task.error).data;
  const interrupted = find('execution_interrupted') !== undefined || /^cancell?ed$/.test(task.word);
  const bad = badWords.has(status_str) || badWords.has(task.word);
  return {
    end: !bad ? 'success' : interrupted && failed === undefined ? 'interrupted' : 'error',
    error:
      failed === undefined
        ? null
        : {
            type: failed.exception_type,
            message: failed.exception_message,
            node: [failed.node_id, failed.node_type].filter((part) => part !== '').join(' '),
          },
    startedAt: find('execution_start')?.timestamp ?? null,
    finishedAt: find('execution_success', 'execution_error', 'execution_interrupted')?.timestamp ?? null,
    images: readImages(task.outputs),
    marker: readMarker(task.extra),
  };
}

function readImages(value: unknown): ReadonlyMap<string, OutputImage[]> {
  const kept = new Map<string, OutputImage[]>();
  for (const [node, { images }] of Object.entries(outputs.safeParse(value).data ?? {})) {
    const list = images.flatMap((each) => {
      const { data } = image.safeParse(each);
      // `temp` is a preview, which the server removes when it restarts.
      return data?.['type'] === 'output' ? [{ filename: data.filename, subfolder: data.subfolder }] : [];
    });
    if (list.length > 0) kept.set(node, list);
  }
  return kept;
}
