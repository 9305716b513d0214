import type { WorkItem } from '../domain/work-item.js';
import type { TaskHandle } from '../providers/provider.js';
import type { PollerParts } from './parts.js';

/** What an attempt's provider is asked about; null before it has named a task. */
export function taskOf(parts: Pick<PollerParts, 'models'>, item: WorkItem): TaskHandle | null {
  const { taskId, pollingUrl, resultUrl, cancelUrl } = item.attempt;
  const endpoint = parts.models.get(item.attempt.model)?.name;
  const named = endpoint === undefined ? {} : { endpoint };
  return taskId === null ? null : { taskId, pollingUrl, resultUrl, cancelUrl, ...named };
}
