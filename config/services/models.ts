import { type Problem, setCommand } from "../settings/problem.ts";
import type { Settings, UserSecret } from "../settings/schema.ts";
import { defined } from "../spec/defined.ts";
import type { FileSpec } from "../spec/service.ts";
import { secretFile } from "./project-files.ts";

/** A provider that a system is made for, and the user's secret that holds its key. */
export interface OwnProvider {
  readonly name: "openai" | "mistral";
  readonly key: UserSecret;
  readonly embeddingModel: string;
  readonly llmModel: string;
}

/** One model of a system: who runs it, and under which user's secret the key is, where one is wanted. */
export interface Model {
  readonly provider: string;
  readonly model?: string;
  readonly baseUrl?: string;
  readonly dimension?: number;
  readonly key?: UserSecret;
}

/** What makes vectors and what writes answers. */
export interface Models {
  readonly embeddings: Model;
  readonly llm: Model;
}

/** Whether a provider asks for a key: Ollama and vLLM on one's own machines mostly do not. */
const needsKey = (provider: string): boolean => provider === "openai" || provider === "mistral";

/**
 * The models as the settings say, else the system's own provider, else none but the local embedder.
 * A system's own provider without its key gives way to the local one in dev; in prod that is a problem (missingKeys).
 */
export function chooseModels(
  { embeddings, llm, environment }: Settings,
  secrets: ReadonlySet<string>,
  own?: OwnProvider,
): Models {
  const usable = own && (environment === "prod" || secrets.has(own.key)) ? own : undefined;
  const key = (provider: string, otherwise: UserSecret): UserSecret | undefined => {
    if (!needsKey(provider)) return undefined;
    return provider === own?.name ? own.key : otherwise;
  };
  const vectors = embeddings.provider ?? usable?.name ?? "local";
  const answers = llm.provider ?? usable?.name ?? "none";
  return {
    embeddings: defined({
      ...embeddings,
      provider: vectors,
      model: embeddings.model ?? (vectors === own?.name ? own.embeddingModel : undefined),
      key: key(vectors, "embeddingsApiKey"),
    }),
    llm: defined({
      ...llm,
      provider: answers,
      model: llm.model ?? (answers === own?.name ? own.llmModel : undefined),
      key: key(answers, "llmApiKey"),
    }),
  };
}

/** Providers that are to be called and whose key is not set. */
export function missingKeys(
  { embeddings, llm }: Models,
  secrets: ReadonlySet<string>,
  stack: string,
): Problem[] {
  const lacking = [["embeddings.provider", embeddings] as const, ["llm.provider", llm] as const].flatMap(
    ([setting, { provider, key }]) => (key && !secrets.has(key) ? [{ setting, provider, key }] : []),
  );
  return [...Map.groupBy(lacking, ({ key }) => key)].map(([key, uses]) => ({
    path: `ragdock:${key}`,
    found: "nothing",
    problem: `${uses.map((u) => `${u.setting} is ${u.provider}`).join(" and ")}, which answers nobody without its key`,
    fix:
      `Type: pulumi config set --secret ragdock:${key}   (or: make secret KEY=${key} STACK=${stack}); or do without: ` +
      uses.map((u) => setCommand(u.setting, u.setting.startsWith("llm") ? "none" : "local")).join(" and "),
  }));
}

/** The variables by which the small applications are told of their models, and the files with their keys. */
export function modelSettings({ embeddings, llm }: Models): {
  readonly environment: Record<string, string>;
  readonly files: FileSpec[];
} {
  const entries = [["EMBEDDING", embeddings] as const, ["LLM", llm] as const].flatMap(([kind, model]) => [
    [`${kind}_PROVIDER`, model.provider],
    [`${kind}_MODEL`, model.model],
    [`${kind}_BASE_URL`, model.baseUrl],
    ...(model.key ? [[`${kind}_API_KEY_FILE`, `/run/secrets/${kebab(model.key)}`]] : []),
  ]);
  const keys = [...new Set([embeddings.key, llm.key].filter((key) => key !== undefined))];
  return {
    environment: defined(Object.fromEntries(entries)),
    files: keys.map((key) => secretFile(kebab(key))),
  };
}

const kebab = (key: UserSecret): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
