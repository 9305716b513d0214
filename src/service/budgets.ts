import { monthOf, mostMicros, type Budget, type BudgetRecord, type Budgets } from '../domain/budget.js';
import { keyOf, newId } from '../domain/ids.js';
import type { Profiles, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, shown, type Checked, type Refusal } from '../domain/refusal.js';
import { DarkroomError } from '../errors.js';

export type SetBudgetRequest = {
  /** Slug; null: the viewer's own. */
  project: string | null;
  profileId: string | null;
  /** `2026-11`; null: every month. */
  month: string | null;
  limitMicros: number;
  unknownPriceMicros: number | null;
};

export type BudgetService = {
  /** Those that hold in a month (`2026-11`; null: the present one), of the viewer's project; operators may ask for any. */
  list(viewer: Viewer, request: { project: string | null; month: string | null }): Promise<BudgetRecord[]>;
  /** For operators: whoever spends does not raise the limit. */
  set(viewer: Viewer, request: SetBudgetRequest): Promise<Checked<BudgetRecord>>;
  remove(viewer: Viewer, id: string): Promise<Checked<string>>;
};

export function createBudgetService(parts: { budgets: Budgets; profiles: Pick<Profiles, 'find'> }): BudgetService {
  const { budgets, profiles } = parts;

  async function projectOf(viewer: Viewer, slug: string | null): Promise<string | null> {
    if (slug === null || slug === viewer.projectSlug) return viewer.projectId;
    if (!viewer.operator) return null;
    return (await budgets.projectBySlug(slug))?.id ?? null;
  }

  return {
    async list(viewer, { project, month }) {
      const of = month === null ? monthOf(new Date()) : neededMonth(month);
      const projectId = await projectOf(viewer, project);
      if (projectId === null)
        throw new DarkroomError('NOT_FOUND', 'There is no such project, or only an operator may see it.');
      return await budgets.list(projectId, of);
    },

    async set(viewer, request) {
      needOperator(viewer);
      const { profileId, limitMicros, unknownPriceMicros } = request;
      const month = request.month === null ? null : readMonth(request.month);
      const refusals = [
        ...checkAmount('limitMicros', limitMicros),
        ...(unknownPriceMicros === null ? [] : checkAmount('unknownPriceMicros', unknownPriceMicros)),
        ...checkMonth(request.month, month),
      ];
      const projectId = await projectOf(viewer, request.project);
      if (projectId === null) refusals.push(notFound('project', request.project, 'There is no such project here.'));
      const profile = profileId === null ? null : keyOf('FinetuneProfile', profileId);
      const found = profile === null || projectId === null ? [] : await profiles.find(projectId, [profile]);
      if (profileId !== null && found.length === 0) {
        refusals.push(notFound('profileId', profileId, 'The project has no such profile.'));
      }
      if (refusals.length > 0 || projectId === null) return refused(...refusals);
      const budget: Budget = { id: newId(), projectId, profileId: profile, month, limitMicros, unknownPriceMicros };
      const { id } = await budgets.set(budget);
      const state = (await budgets.list(projectId, month ?? monthOf(new Date()))).find((each) => each.budget.id === id);
      // One for every month does not hold in a month that has its own.
      return accepted(state ?? untouched({ ...budget, id }));
    },

    async remove(viewer, id) {
      needOperator(viewer);
      const key = keyOf('Budget', id);
      const owner = key === null ? null : await budgets.owner(key);
      if (key === null || owner === null || !(await budgets.remove(owner.projectId, key))) {
        return refused(refusal('NOT_FOUND', ['id'], 'There is no such budget.', { given: id }));
      }
      return accepted(id);
    },
  };
}

function needOperator(viewer: Viewer): void {
  if (!viewer.operator) throw new DarkroomError('FORBIDDEN', "Only an operator's key may set and remove budgets.");
}

function readMonth(text: string): Date | null {
  return /^[1-9]\d{3}-(0[1-9]|1[0-2])$/.test(text) ? new Date(`${text}-01T00:00:00Z`) : null;
}

function neededMonth(text: string): Date {
  const month = readMonth(text);
  if (month !== null) return month;
  throw new DarkroomError('BAD_REQUEST', `month must be a year and a month, as 2026-11; ${shown(text)} was given.`);
}

function checkMonth(given: string | null, month: Date | null): Refusal[] {
  const path = ['input', 'month'];
  if (given === null) return [];
  if (month === null) {
    return [
      refusal('INVALID', path, 'month must be a year and a month, as 2026-11; leave it out for every month.', {
        given,
      }),
    ];
  }
  if (month >= monthOf(new Date())) return [];
  return [refusal('OUT_OF_RANGE', path, `month must not be over (by UTC); ${given} was given.`, { given })];
}

function checkAmount(name: string, given: number): Refusal[] {
  if (given >= 0 && given <= mostMicros) return [];
  const message = `${name} must be from 0 to ${mostMicros} micro-USD; ${given} was given.`;
  return [refusal('OUT_OF_RANGE', ['input', name], message, { minimum: 0, maximum: mostMicros, given })];
}

function notFound(name: string, given: unknown, message: string): Refusal {
  return refusal('NOT_FOUND', ['input', name], message, { given });
}

function untouched(budget: Budget): BudgetRecord {
  const nothing = { reservedMicros: 0, uncertainMicros: 0, spentMicros: 0, unpriced: 0 };
  return { budget, month: monthOf(new Date()), ...nothing, updatedAt: new Date() };
}
