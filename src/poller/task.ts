import type { WorkItem } from '../domain/ports.js';
import type { TaskHandle } from '../providers/provider.js';

/** What an attempt's provider is asked about; null before it has named a task. */
export function taskOf({ attempt }: Pick<WorkItem, 'attempt'>): TaskHandle | null {
  const { taskId, pollingUrl, resultUrl, cancelUrl } = attempt;
  return taskId === null ? null : { taskId, pollingUrl, resultUrl, cancelUrl };
}
