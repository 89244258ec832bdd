import type { Settings, UserSecret } from "../settings/schema.ts";
import { defined } from "../spec/defined.ts";
import { removeCommand, secretCommand, setCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";

/** The provider that a system is made for, and the user's secret that holds its key. */
export interface OwnProvider {
  readonly name: "openai" | "mistral";
  readonly key: UserSecret;
  readonly embeddingModel: string;
  readonly llmModel: string;
}

export type Model = Omit<Settings["embeddings"], "provider"> & {
  readonly provider: string;
  /** The user's secret with the provider's key. @default the provider needs no key */
  readonly key?: UserSecret;
};

/** The model that makes vectors and the one that writes answers. */
export interface Models {
  readonly embeddings: Model;
  readonly llm: Model;
}

/** Self-hosted Ollama and vLLM usually need no key. */
const needsKey = (provider: string): boolean => provider === "openai" || provider === "mistral";

/** Providers without a public address. */
const isSelfHosted = (provider: string): boolean => provider === "ollama" || provider === "vllm";

/** A model provider that the stack runs. The host in `baseUrl` is the service's name. */
export interface Runner {
  readonly provider: string;
  readonly baseUrl: string;
}

/** Modules, some of which run a model provider. */
type Runners = readonly { readonly runs?: Runner }[];

/** The address at which the stack itself offers a provider. */
const runnerOf = (runners: Runners, provider: string): string | undefined =>
  runners.find(({ runs }) => runs?.provider === provider)?.runs?.baseUrl;

/**
 * The models of the settings; otherwise the system's own provider; otherwise only the local
 * embedder. In dev, the local embedder replaces a system's own provider that has no key. In prod,
 * the missing key is a problem (modelProblems).
 */
export function chooseModels(
  { embeddings, llm, environment }: Settings,
  secrets: ReadonlySet<string>,
  own: OwnProvider | undefined,
  runners: Runners,
): Models {
  const usable = own && (environment === "prod" || secrets.has(own.key)) ? own : undefined;
  const choose = (
    settings: Settings["llm"] | Settings["embeddings"],
    fallback: string,
    ownModel: string | undefined,
    otherKey: UserSecret,
  ): Model => {
    const provider = settings.provider ?? usable?.name ?? fallback;
    const isOwn = provider === own?.name;
    return defined({
      ...settings,
      provider,
      model: settings.model ?? (isOwn ? ownModel : undefined),
      baseUrl: settings.baseUrl ?? (settings.run ? runnerOf(runners, provider) : undefined),
      key: needsKey(provider) ? (isOwn ? own.key : otherKey) : undefined,
    });
  };
  return {
    embeddings: choose(embeddings, "local", own?.embeddingModel, "embeddingsApiKey"),
    llm: choose(llm, "none", own?.llmModel, "llmApiKey"),
  };
}

/** The services of the stack that run its models. Services that use a model wait for them. */
export const modelServices = ({ embeddings, llm }: Models): string[] => [
  ...new Set(
    [embeddings, llm].flatMap(({ run, baseUrl }) => (run && baseUrl ? [new URL(baseUrl).hostname] : [])),
  ),
];

/** Whether a model is at a provider that the stack does not run. */
export const isRemote = ({ provider, run }: Model): boolean =>
  provider !== "local" && provider !== "none" && !run;

/** Whether a service that uses both models calls hosts outside of the stack. */
export const callsProvider = ({ embeddings, llm }: Models): boolean => isRemote(embeddings) || isRemote(llm);

/** Reports providers that cannot be called, because their key or their address is not set. */
export function modelProblems(
  { embeddings, llm }: Models,
  secrets: ReadonlySet<string>,
  runners: Runners,
): Problem[] {
  const models = [["embeddings", embeddings, "local"] as const, ["llm", llm, "none"] as const];
  const lacking = models.flatMap(([setting, { provider, key }, without]) =>
    key && !secrets.has(key) ? [{ setting, provider, key, without }] : [],
  );
  return [
    ...[...Map.groupBy(lacking, ({ key }) => key)].map(([key, uses]) => ({
      path: `ragdock:${key}`,
      found: "nothing",
      problem: `${uses.map((u) => `${u.setting}.provider is ${u.provider}`).join(" and ")}, so it needs an API key`,
      fix:
        `${toRun}${secretCommand(key)}. ` +
        `To do without: ${uses.map((u) => setCommand(`${u.setting}.provider`, u.without)).join(" and ")}`,
    })),
    ...models.flatMap(([setting, model]) => unreachable(setting, model, runners)),
  ];
}

function unreachable(
  setting: "embeddings" | "llm",
  { provider, run, baseUrl }: Model,
  runners: Runners,
): Problem[] {
  const runnable = runners.flatMap(({ runs }) => (runs ? [runs.provider] : []));
  const own = runnerOf(runners, provider);
  const address = setCommand(`${setting}.baseUrl`, "http://models.example.com:8000/v1");
  const doNotRun = removeCommand(`${setting}.run`);
  if (run && own === undefined) {
    const choices =
      runnable.length > 0
        ? `the stack can run ${runnable.join(", ")}`
        : "the stack can run no model provider";
    const other = isSelfHosted(provider) ? `${doNotRun} and ${address}` : doNotRun;
    const fix = runnable[0] ? `${setCommand(`${setting}.provider`, runnable[0])}; or: ${other}` : other;
    return [
      problem(`${setting}.run`, "true", `the stack cannot run ${provider}: ${choices}`, `${toRun}${fix}`),
    ];
  }
  if (run && baseUrl !== own) {
    const fix = `${toRun}${removeCommand(`${setting}.baseUrl`)}; or: ${doNotRun}`;
    return [problem(`${setting}.baseUrl`, `"${baseUrl}"`, `the stack runs ${provider} at ${own}`, fix)];
  }
  if (!isSelfHosted(provider) || baseUrl !== undefined) return [];
  const start = own ? `${setCommand(`${setting}.run`, "true")}; or name a running one: ` : "";
  return [
    problem(`${setting}.provider`, `"${provider}"`, "its address is not set", `${toRun}${start}${address}`),
  ];
}
