import { registerEnumType } from './decorators.js';

/** The names of an enum made by `enumOf`. */
export type ValueOf<T> = T[keyof T];

/** GraphQL enums are made from the domain's own lists, so the two cannot drift apart. */
export function enumOf<Name extends string>(
  name: string,
  description: string,
  values: readonly Name[],
  descriptions: Readonly<Record<Name, string>>,
): Record<Name, Name> {
  const entries = values.map((value) => [value, value] as const);
  // Object.fromEntries forgets the keys' names; they are exactly `values`.
  const object = Object.fromEntries(entries) as Record<Name, Name>;
  const valuesConfig: Partial<Record<Name, { description: string }>> = {};
  for (const value of values) valuesConfig[value] = { description: descriptions[value] };
  registerEnumType<Record<Name, Name>>(object, { name, description, valuesConfig });
  return object;
}
