import { jsonOrText } from "../spec/deployment.ts";
import { userSecrets } from "./schema.ts";

/** The packages whose settings a stack's file can have. */
export const packages: readonly string[] = ["ragdock", "docker", "random", "pulumi"];

/**
 * Returns the settings of a project in the form the schema takes, from Pulumi's flat map of
 * strings. Objects and lists arrive as JSON; everything else stays the string that the user wrote.
 * Empty settings count as unset. Settings of an unknown package keep their whole key, which the
 * schema refuses. User secrets are left out: they are read as secrets, elsewhere.
 */
export function readSettings(
  all: Readonly<Record<string, string>>,
  project: string,
): Record<string, unknown> {
  const prefix = `${project}:`;
  const entries = Object.entries(all).flatMap(([key, text]): [string, unknown][] => {
    const name = key.startsWith(prefix) ? key.slice(prefix.length) : key;
    const foreign = name === key && packages.includes(key.split(":", 1)[0] ?? "");
    const value = withoutEmpty(structured(text));
    return foreign || value === undefined || Object.hasOwn(userSecrets, name) ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

/**
 * A string that only begins like JSON stays what the user wrote, and the schema says what is wrong.
 */
const structured = (value: string): unknown => (/^([[{]|null$)/.test(value) ? jsonOrText(value) : value);

/** A value without its empty settings: a block whose lines are all comments is null in YAML. */
function withoutEmpty(value: unknown): unknown {
  if (value === null) return undefined;
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item) => withoutEmpty(item) ?? null);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const kept = withoutEmpty(item);
      return kept === undefined ? [] : [[key, kept]];
    }),
  );
}
