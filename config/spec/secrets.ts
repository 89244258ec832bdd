import { type Problem, setCommand } from "../settings/problem.ts";
import { type Settings, type UserSecret, userSecrets } from "../settings/schema.ts";
import type { SecretSource, ServiceSpec } from "./service.ts";

type Rotations = Settings["rotations"];

/** Matches the place of a secret in a file's content. */
export const secretPlaceholder = /\{\{secret:([a-z0-9-]+)\}\}/g;

/**
 * The secrets that files of these services name: the user's own by their key, the user names of a store's clients by
 * their generation, all others generated.
 */
export function secretsOf(
  services: readonly ServiceSpec[],
  rotations: Rotations,
): Record<string, SecretSource> {
  const names = services.flatMap((s) => s.files.flatMap((file) => secretsIn(file.content)));
  return Object.fromEntries([...new Set(names)].sort().map((name) => [name, sourceOf(name, rotations)]));
}

function sourceOf(name: string, rotations: Rotations): SecretSource {
  const key = camelCase(name);
  if (Object.hasOwn(userSecrets, key)) return { from: "config", key };
  const store = /^(postgres|redis)-user$/.exec(name)?.[1];
  if (store) return { from: "value", value: clientUser(rotations[store]) };
  const generation = rotations[rotationName(name)] ?? 1;
  return { from: "generated", ...(generation > 1 ? { generation } : {}) };
}

/**
 * The user that clients of a store log in as: one per generation of its password, because one user has one password,
 * and while a password is rotated two have to work.
 */
export const clientUser = (generation = 1): string => `rag_${generation}`;

/** Names of the secrets that have a place in `content`. */
export const secretsIn = (content: string): string[] =>
  [...content.matchAll(secretPlaceholder)].map((match) => match[1] as string);

/** The file `llm-api-key` holds the user's secret `llmApiKey`. */
const camelCase = (name: string): UserSecret =>
  name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) as UserSecret;

/** What a generated secret is called in `ragdock:rotations`: `postgres` is `postgres-password`. */
const rotationName = (secret: string): string => secret.replace(/-password$/, "");

/** What can be rotated: every generated secret but those by which a store knows its administrator, who never leaves it. */
export const rotatable = (secrets: Readonly<Record<string, SecretSource>>): string[] =>
  Object.entries(secrets)
    .filter(([name, { from }]) => from === "generated" && !name.endsWith("-admin-password"))
    .map(([name]) => rotationName(name));

/** Settings that are encrypted in the stack's file and would stand in clear in previews, in the state and in containers. */
export const encryptedInVain = (encrypted: ReadonlySet<string>): Problem[] =>
  [...encrypted]
    .filter((key) => !Object.hasOwn(userSecrets, key))
    .map((key) => ({
      path: `ragdock:${key}`,
      found: "an encrypted value",
      problem: `only ${Object.keys(userSecrets).join(", ")} stay secret; this one would be shown`,
      fix: `Set it without --secret, after: pulumi config rm ragdock:${key}`,
    }));

/** Rotations of secrets that the system does not have. */
export function unknownRotations(
  rotations: Rotations,
  secrets: Readonly<Record<string, SecretSource>>,
): Problem[] {
  const known = rotatable(secrets);
  return Object.keys(rotations)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: `ragdock:rotations.${name}`,
      found: "a rotation of a secret that the system does not have",
      problem: `it has ${known.join(", ") || "none that can be rotated"}`,
      fix: known[0]
        ? `Correct the name, such as: ${setCommand(`rotations.${known[0]}`, "2")}; or remove it.`
        : "Remove it: pulumi config rm ragdock:rotations",
    }));
}
