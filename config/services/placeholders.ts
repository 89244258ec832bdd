import type { NamedContent, Secret } from "../spec/content.ts";
import { type Problem, problem } from "../spec/problem.ts";

/**
 * Reports placeholders of secrets that do not exist, and a store's password with a fixed user name.
 * @param secrets the secrets that the text may use, by name
 */
export function placeholderProblems(
  path: string,
  text: NamedContent,
  secrets: ReadonlyMap<string, Secret>,
  whose = "the system's secrets are",
): Problem[] {
  const known = [...secrets.keys()].sort().join(", ") || "none";
  return text.flatMap((part, position): Problem[] => {
    if (typeof part === "string") return [];
    const secret = secrets.get(part.secretNamed);
    const placeholder = `{{secret:${part.secretNamed}}}`;
    if (!secret) return [problem(path, placeholder, `${whose} ${known}`, "Correct the name.")];
    const before = text[position - 1];
    const otherUser = typeof before === "string" && /\/\/(\S*):$/.test(before);
    if (!secret.user || !otherUser) return [];
    const why = "the password belongs to a user whose name changes at each rotation";
    return [problem(path, `${before}${placeholder}`, why, `Write {{secret:${secret.user}}} as the user.`)];
  });
}
