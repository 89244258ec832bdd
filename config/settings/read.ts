import { jsonOrText } from "../spec/deployment.ts";
import { userSecrets } from "./schema.ts";

/**
 * The settings under `project:` in the form the schema takes, from Pulumi's flat map of strings.
 * Objects and lists arrive as JSON; everything else stays the string that the user wrote.
 * User secrets are left out: they are read as secrets, elsewhere.
 */
export function readSettings(
  all: Readonly<Record<string, string>>,
  project: string,
): Record<string, unknown> {
  const prefix = `${project}:`;
  return Object.fromEntries(
    Object.entries(all)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), structured(value)])
      .filter(([key]) => !Object.hasOwn(userSecrets, key as string)),
  );
}

/** A string that only begins like JSON stays what the user wrote, and the schema says what is wrong. */
const structured = (value: string): unknown => (/^[[{]/.test(value) ? jsonOrText(value) : value);
