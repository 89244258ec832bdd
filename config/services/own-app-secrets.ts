import type { AppSecret } from "../settings/app-secrets.ts";
import { type Content, contentOf, type NamedContent, type Part, type Secret } from "../spec/content.ts";
import type { FileSpec } from "../spec/service.ts";
import type { Context } from "./module.ts";
import { neededStores } from "./needed-stores.ts";
import type { SecretHolder } from "./own-app-settings.ts";
import type { AppStores } from "./reference-app.ts";
import { fromUser, generated, secretFile, secretPath } from "./secrets.ts";

/** The path of the script that starts an application with secrets. */
export const appStartScript = "/run/ragdock/start";

type Secrets = ReadonlyMap<string, Secret>;

/** The secrets that applications generate or ask for, by the name of the variable. */
export function variableSecrets(ctx: Context, apps: readonly SecretHolder[]): Secrets {
  const found = new Map<string, Secret>();
  for (const [name, how] of apps.flatMap(({ secrets = {} }) => Object.entries(secrets))) {
    // Another kind of the same variable is reported elsewhere.
    if (typeof how === "string" && !found.has(name)) found.set(name, variableSecret(ctx, name, how));
  }
  return found;
}

function variableSecret(ctx: Context, name: string, how: AppSecret & string): Secret {
  if (how === "ask") return { name, source: { from: "config", key: name } };
  const { source } = generated(ctx, name, name);
  return { name, source: { ...source, kept: true } as Secret["source"] };
}

/**
 * The secrets that the texts of an application may use, by name.
 * @param needs the stores that it calls
 */
export function usableSecrets(
  ctx: Context,
  { postgres, redis }: AppStores,
  apps: readonly SecretHolder[],
  needs: readonly string[],
): Secrets {
  const { embeddings, llm } = ctx.models;
  const logins = [postgres, redis]
    .filter(({ name }) => needs.includes(name))
    .flatMap((store) => [store.login(ctx).user, store.login(ctx).password]);
  const more = neededStores
    .filter(({ name }) => needs.includes(name))
    .flatMap((store) => [...store.secrets(ctx)]);
  const keys = [embeddings.key, llm.key].flatMap((key) => (key ? [fromUser(key)] : []));
  const named = [...logins, ...more, ...keys].map((secret) => [secret.name, secret] as const);
  return new Map([...named, ...variableSecrets(ctx, apps)]);
}

/** The files with the variables of an application, and the script that exports them. */
export function secretFiles(app: Pick<SecretHolder, "secrets">, usable: Secrets): FileSpec[] {
  const variables = Object.entries(app.secrets ?? {});
  if (variables.length === 0) return [];
  const files = variables.map(([name, how]): FileSpec => {
    const secret = usable.get(name);
    if (typeof how !== "string") return { path: secretPath({ name }), content: textOf(how, usable) };
    return secret ? secretFile(secret) : { path: secretPath({ name }), content: "" };
  });
  return [...files, { path: appStartScript, content: startScriptOf(variables.map(([name]) => name)) }];
}

/**
 * A text with its secrets. In a URL, secrets of the user are percent-encoded, because they may
 * contain letters such as `@`. Secrets that Ragdock generates have letters and digits only.
 */
function textOf(text: NamedContent, usable: Secrets): Content {
  const isUrl = typeof text[0] === "string" && /^[a-z][a-z0-9+.-]*:\/\//i.test(text[0]);
  return contentOf(
    text.map((part): Part => {
      if (typeof part === "string") return part;
      const secret = usable.get(part.secretNamed);
      if (!secret) return "";
      return isUrl && secret.source.from === "config" ? { inUrl: secret } : secret;
    }),
  );
}

/**
 * The script exports a file byte for byte: `$(cat …)` would drop line ends, and `cat` may be missing.
 * `exec` makes the program the first process of the container, so that signals reach it.
 */
const startScriptOf = (names: readonly string[]): string => `set -e
load() {
  ragdock_value=
  while IFS= read -r ragdock_line; do
    ragdock_value="$ragdock_value$ragdock_line
"
  done < "/run/secrets/$1"
  export "$1=$ragdock_value$ragdock_line"
}
${names.map((name) => `load ${name}\n`).join("")}exec "$@"
`;
