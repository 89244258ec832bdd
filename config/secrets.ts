import { type UserSecret, userSecrets } from "./schema.ts";
import type { SecretSource, ServiceSpec } from "./service.ts";

/** Matches the place of a secret in a file's content. */
export const secretPlace = /\{\{secret:([a-z0-9-]+)\}\}/g;

/** The secrets that files of these services name: the user's own by their key, all others generated. */
export function secretsOf(services: readonly ServiceSpec[]): Record<string, SecretSource> {
  const names = services.flatMap((s) => s.files.flatMap((file) => secretsIn(file.content)));
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => {
      const key = camelCase(name);
      return [name, Object.hasOwn(userSecrets, key) ? { from: "config", key } : { from: "generated" }];
    }),
  );
}

/** Names of the secrets that have a place in `content`. */
export const secretsIn = (content: string): string[] =>
  [...content.matchAll(secretPlace)].map((match) => match[1] as string);

/** The file `llm-api-key` holds the user's secret `llmApiKey`. */
const camelCase = (name: string): UserSecret =>
  name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) as UserSecret;
