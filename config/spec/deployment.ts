import { isDeepStrictEqual } from "node:util";
import { defined } from "./defined.ts";

/**
 * The settings and images of a successful deployment. `make rollback` returns to such a deployment.
 */
export interface Deployment {
  /** ISO 8601. */
  readonly at: string;
  /** The settings of the stack's file by key, as Pulumi passes them to the program. No secrets. */
  readonly settings: Readonly<Record<string, string>>;
  /** References of the images, by short name. */
  readonly images: Readonly<Record<string, string>>;
  /** A digest of the files of the system, if it is not one of Ragdock's own. */
  readonly source?: string;
}

/** The part of a deployment that identifies the files of its system. */
export const sourceOf = ({ source }: Pick<Deployment, "source">): Pick<Deployment, "source"> =>
  defined({ source });

/** The number of deployments that the history of a stack keeps. */
const kept = 10;

/** The setting that names images. */
export const pinnedKey = "pinned";

/** The setting with the generations of secrets. */
export const rotationsKey = "rotations";

/**
 * Returns the history of a stack with this deployment added. An unchanged deployment adds no entry.
 */
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
  one.source === other.source &&
  changedSettings(one.settings, other.settings).every((key) => except.includes(key));

/**
 * The settings that differ, by key. They are compared as values, so that the order of keys does not
 * count.
 */
export const changedSettings = (one: Deployment["settings"], other: Deployment["settings"]): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (key) => !isDeepStrictEqual(settingValue(one[key]), settingValue(other[key])),
  );

const settingValue = (text: string | undefined): unknown =>
  text === undefined ? undefined : jsonOrText(text);

/**
 * Parses JSON, and returns any other text unchanged. Pulumi passes objects, lists, numbers and
 * booleans as JSON.
 */
export function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
