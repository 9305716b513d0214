import type { HistoryEntry, Item, Ui } from './item.js';
import type { ComfyProcess } from './process.js';

/** The words of `/api/jobs`. */
export const jobStatuses = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'];

type Job = Record<string, unknown> & { id: string; status: string };

function pruned(job: Job): Job {
  return Object.fromEntries(Object.entries(job).filter(([, value]) => value !== undefined)) as Job;
}

function workflowId(extra: unknown): unknown {
  const info: unknown = read(extra, 'extra_pnginfo');
  return read(read(info, 'workflow'), 'id');
}

function read(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(key) : undefined;
}

function waitingJob(item: Item, status: 'pending' | 'in_progress', whole: boolean): Job {
  const { promptId, number, extra, graph, task } = item;
  // Some day there will be other words, which must not confuse anybody.
  const shown = task.wish['unknown-status'] === undefined ? status : 'preparing';
  return pruned({
    id: promptId,
    status: shown,
    priority: number,
    create_time: extra['create_time'],
    outputs_count: 0,
    previewable_outputs_count: 0,
    workflow_id: workflowId(extra),
    workflow: whole ? { prompt: graph, extra_data: extra } : undefined,
  });
}

/** The picture that stands for a job: what was saved comes before what was only shown. */
function previewOf(outputs: Readonly<Record<string, Ui>>): Record<string, unknown> | undefined {
  const all = Object.entries(outputs).flatMap(([nodeId, { images }]) =>
    images.map((image) => ({ ...image, nodeId, mediaType: 'images' })),
  );
  return all.find(({ type }) => type === 'output') ?? all[0];
}

function finishedJob(id: string, entry: HistoryEntry, whole: boolean): Job {
  const [number, , graph, extra] = entry.prompt;
  const { status, outputs } = entry;
  const about = (event: string): Record<string, unknown> | undefined =>
    status.messages.find(([name]) => name === event)?.[1];
  const end = about('execution_success') ?? about('execution_error') ?? about('execution_interrupted');
  const cancelled = about('execution_interrupted') !== undefined;
  const count = Object.values(outputs).reduce((sum, { images }) => sum + images.length, 0);
  return pruned({
    id,
    status: status.completed ? 'completed' : cancelled ? 'cancelled' : 'failed',
    priority: number,
    create_time: read(extra, 'create_time'),
    execution_start_time: about('execution_start')?.['timestamp'],
    execution_end_time: end?.['timestamp'],
    execution_error: about('execution_error'),
    outputs_count: count,
    previewable_outputs_count: count,
    preview_output: previewOf(outputs),
    workflow_id: workflowId(extra),
    outputs: whole ? outputs : undefined,
    execution_status: whole ? status : undefined,
    workflow: whole ? { prompt: graph, extra_data: extra } : undefined,
  });
}

/** One job with all its details; null for an id that is nowhere. */
export function findJob(process: ComfyProcess, id: string): Job | null {
  const entry = process.history().get(id);
  if (entry !== undefined) return finishedJob(id, entry, true);
  const running = process.running();
  if (running?.promptId === id) return waitingJob(running, 'in_progress', true);
  const item = process.pending().find(({ promptId }) => promptId === id);
  return item === undefined ? null : waitingJob(item, 'pending', true);
}

function timeOf(job: Job, key: string): number {
  return typeof job[key] === 'number' ? job[key] : 0;
}

type Page = { statuses: readonly string[] | null; by: string; order: string; limit: number | null; offset: number };

function readPage(query: Readonly<Record<string, string | undefined>>): Page | { error: string } {
  const statuses = query['status']
    ?.split(',')
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== '');
  const wrong = statuses?.filter((each) => !jobStatuses.includes(each)) ?? [];
  if (wrong.length > 0)
    return { error: `Invalid status value(s): ${wrong.join(', ')}. Valid values: ${jobStatuses.join(', ')}` };
  const [by, order] = [query['sort_by'] ?? 'created_at', query['sort_order'] ?? 'desc'].map((each) =>
    each.toLowerCase(),
  );
  if (by !== 'created_at' && by !== 'execution_duration')
    return { error: "sort_by must be 'created_at' or 'execution_duration'" };
  if (order !== 'asc' && order !== 'desc') return { error: "sort_order must be 'asc' or 'desc'" };
  const [limit, offset] = [query['limit'], query['offset']];
  if (limit !== undefined && !/^-?\d+$/.test(limit)) return { error: 'limit must be an integer' };
  if (limit !== undefined && Number(limit) <= 0) return { error: 'limit must be a positive integer' };
  if (offset !== undefined && !/^-?\d+$/.test(offset)) return { error: 'offset must be an integer' };
  return {
    statuses: statuses ?? null,
    by,
    order,
    limit: limit === undefined ? null : Number(limit),
    offset: Math.max(0, Number(offset ?? 0)),
  };
}

/** The answer of `/api/jobs`: all jobs that are known, newest first unless it is wished otherwise. */
export function listJobs(
  process: ComfyProcess,
  query: Readonly<Record<string, string | undefined>>,
): { status: number; body: Record<string, unknown> } {
  const page = readPage(query);
  if ('error' in page) return { status: 400, body: page };
  const running = process.running();
  const all = [
    ...(running === null ? [] : [waitingJob(running, 'in_progress', false)]),
    ...process.pending().map((item) => waitingJob(item, 'pending', false)),
    ...[...process.history()].map(([id, entry]) => finishedJob(id, entry, false)),
  ];
  const { statuses, by, order, limit, offset } = page;
  const wanted = all.filter(
    (job) =>
      (statuses?.includes(job.status) ?? true) &&
      (query['workflow_id'] === undefined || job['workflow_id'] === query['workflow_id']),
  );
  const value = (job: Job): number =>
    by === 'created_at'
      ? timeOf(job, 'create_time')
      : timeOf(job, 'execution_end_time') - timeOf(job, 'execution_start_time');
  wanted.sort((a, b) => (order === 'asc' ? value(a) - value(b) : value(b) - value(a)));
  const jobs = wanted.slice(offset, limit === null ? undefined : offset + limit);
  const pagination = { offset, limit, total: wanted.length, has_more: offset + jobs.length < wanted.length };
  return { status: 200, body: { jobs, pagination } };
}
