import { type Problem, problem } from "../spec/problem.ts";

/** The settings in which the placeholder of a secret is filled in. */
const filled = /^(services\.[^.]+\.files\[\d+\]\.content|(app|apps\.[^.]+|services\.[^.]+)\.secrets\.[^.]+)$/;

/**
 * Reports placeholders of secrets in settings that cannot contain them. There, the text of the
 * placeholder itself would be used.
 */
export const strayPlaceholders = (raw: unknown, path = ""): Problem[] => {
  if (typeof raw === "string") return filled.test(path) ? [] : found(raw, path);
  if (Array.isArray(raw)) return raw.flatMap((item, index) => strayPlaceholders(item, `${path}[${index}]`));
  if (typeof raw !== "object" || raw === null) return [];
  return Object.entries(raw).flatMap(([key, value]) =>
    strayPlaceholders(value, path ? `${path}.${key}` : key),
  );
};

const found = (text: string, path: string): Problem[] =>
  (text.match(/\{\{[^}]*secret[^}]*\}\}/gi) ?? []).slice(0, 1).map((placeholder) => {
    const isOwn = path.startsWith("app");
    const where = isOwn
      ? "Put the variable under `secrets` of the application"
      : "Put it into `secrets` or `files` of `services.<name>`";
    const why = "placeholders are replaced only in `secrets` of an application, and in the content of a file";
    return problem(path, placeholder, why, `${where}: docs/guide/secrets.md has examples.`);
  });
