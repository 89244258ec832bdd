import { isDeepStrictEqual } from "node:util";

/** What a successful deployment was made of. `make rollback` returns to one. */
export interface Deployment {
  /** ISO 8601. */
  readonly at: string;
  /** The settings of the stack's file by key, as Pulumi passes them to the program. No secrets. */
  readonly settings: Readonly<Record<string, string>>;
  /** References of the images, by short name. */
  readonly images: Readonly<Record<string, string>>;
}

/** Deployments that are kept of a stack. */
const kept = 10;

/** The setting that names images. */
export const pinnedKey = "pinned";

/** The setting with the generations of secrets. */
export const rotationsKey = "rotations";

/** The deployments of a stack after this one. An unchanged deployment is not a new one. */
export function withDeployment(earlier: readonly Deployment[], next: Deployment): readonly Deployment[] {
  const last = earlier.at(-1);
  return last && isSame(last, next, [pinnedKey]) ? earlier : [...earlier, next].slice(-kept);
}

/**
 * Whether two deployments run the same.
 * @param except settings that do not count, without `ragdock:`
 */
export const isSame = (
  one: Omit<Deployment, "at">,
  other: Omit<Deployment, "at">,
  except: readonly string[],
): boolean =>
  isDeepStrictEqual(one.images, other.images) &&
  isDeepStrictEqual(without(one.settings, except), without(other.settings, except));

const without = (settings: Deployment["settings"], except: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(settings)
      .filter(([key]) => !except.includes(key))
      // As values, so that the order of keys does not count.
      .map(([key, value]) => [key, jsonOrText(value)]),
  );

/** JSON where it is JSON, else the text. Pulumi passes objects, lists, numbers and booleans as JSON. */
export function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
