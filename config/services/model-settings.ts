import { defined } from "../spec/defined.ts";
import type { FileSpec } from "../spec/service.ts";
import type { Models } from "./models.ts";
import { fromUser, secretFile, secretPath } from "./secrets.ts";

/** The variables and key files that configure the models of the small applications. */
export function modelSettings({ embeddings, llm }: Models): {
  readonly environment: Record<string, string>;
  readonly files: FileSpec[];
} {
  const entries = [["EMBEDDING", embeddings] as const, ["LLM", llm] as const].flatMap(([kind, model]) => [
    [`${kind}_PROVIDER`, model.provider],
    [`${kind}_MODEL`, model.model],
    [`${kind}_BASE_URL`, model.baseUrl],
    [`${kind}_API_KEY_FILE`, model.key && secretPath(fromUser(model.key))],
  ]);
  const keys = [...new Set([embeddings.key, llm.key].filter((key) => key !== undefined))];
  return {
    environment: defined(Object.fromEntries(entries)),
    files: keys.map((key) => secretFile(fromUser(key))),
  };
}
