import { defined } from "../defined.ts";
import { type Problem, setCommand } from "../problem.ts";
import type { Settings, UserSecret } from "../schema.ts";

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
export function missingKeys({ embeddings, llm }: Models, secrets: ReadonlySet<string>): Problem[] {
  const wanted = new Map<UserSecret, string>();
  for (const [use, { provider, key }] of [["embeddings", embeddings] as const, ["llm", llm] as const]) {
    if (key && !secrets.has(key)) wanted.set(key, `${use}.provider is ${provider}`);
  }
  return [...wanted].map(([key, why]) => ({
    path: `ragdock:${key}`,
    found: "nothing",
    problem: `${why}, which answers nobody without its key`,
    fix: `Type: pulumi config set --secret ragdock:${key}   (or: make secret KEY=${key}); or choose another: ${setCommand("embeddings.provider", "local")}`,
  }));
}
