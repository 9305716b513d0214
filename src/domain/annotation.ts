/** What people say of generations. It is no part of their life: no version is raised and no event written. */
export type Annotations = {
  /** What is left out stays; null takes it away. False when the project has no such generation. */
  set(
    projectId: string,
    id: string,
    values: { rating?: number | null; favourite?: boolean; note?: string | null },
  ): Promise<boolean>;
  /**
   * Adds and removes tags of all these generations, or of none: of `missing` the project has no such, and `full` would have
   * more than `most`.
   */
  tag(
    projectId: string,
    ids: readonly string[],
    change: { add: readonly string[]; remove: readonly string[]; most: number },
  ): Promise<{ missing: string[]; full: string[] }>;
};
