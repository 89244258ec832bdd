/**
 * Returns `object` without keys that are undefined, because a spread would overwrite other values
 * with undefined.
 */
export function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
