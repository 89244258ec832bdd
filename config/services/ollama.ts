import { Healthcheck } from "../spec/healthcheck.ts";
import { type CatalogueImage, catalogueImage } from "../spec/image.ts";
import { removeCommand, setCommand, toRun } from "../spec/message.ts";
import type { Alert } from "../spec/monitoring.ts";
import { type Problem, problem } from "../spec/problem.ts";
import type { Job, LongRunning, ServiceSpec, VolumeMount } from "../spec/service.ts";
import { mebibytes, type Size } from "../spec/units.ts";
import type { Context, ServiceModule, ServiceTemplate } from "./module.ts";
import { jobDefaults, serviceDefaults } from "./module.ts";
import { blackboxRow } from "./monitoring.ts";
import { storeConsequences } from "./postgres.ts";
import { projectFile } from "./project-files.ts";

const unavailable =
  "Debian and PyPI have no package of Ollama. Use a provider that runs elsewhere: set its `baseUrl`.";

const image = {
  name: "ollama",
  reference: "ollama/ollama:0.12.10",
  user: "0:0",
  port: 11434,
  dataPath: "/root/.ollama",
  official: {
    sources: ["ollama/ollama@v0.12.10:Dockerfile"],
    base: "ubuntu",
    programs: ["ollama"],
    entrypoint: ["/bin/ollama"],
    volumes: [],
  },
  standIn: { unavailable },
} as const satisfies CatalogueImage;

const uses = ["llm", "embeddings"] as const;
type Use = (typeof uses)[number];

interface OwnModel {
  readonly use: Use;
  readonly name: string;
}

/**
 * Ollama: a server for language and embedding models, and the job that downloads the models once.
 */
export const ollama = (): ServiceModule => ({
  images: [image],
  runs: { provider: "ollama", baseUrl: `http://ollama:${image.port}/v1` },
  optIn: (ctx) => usesOf(ctx).length > 0,
  services: (ctx) => [pull(ctx), server(ctx)],
  rules: (ctx, services) => [...unnamed(ctx), ...notBuilt(ctx), ...tooLarge(ctx, services)],
});

/** The purposes of the stack's own Ollama. */
const usesOf = ({ models }: Context): Use[] =>
  uses.filter((use) => models[use].run && models[use].provider === "ollama");

const modelsOf = (ctx: Context): OwnModel[] =>
  usesOf(ctx).flatMap((use) => {
    const name = ctx.models[use].model;
    return name === undefined ? [] : [{ use, name }];
  });

const volumes: readonly VolumeMount[] = [{ volume: "ollama-models", path: image.dataPath }];

// At its start, Ollama removes files that no model refers to, such as unfinished downloads of the
// job.
const environment = { OLLAMA_NOPRUNE: "1" } as const;

const folder = "/etc/ragdock";
const pullScript = `${folder}/pull.sh`;
const healthScript = `${folder}/health.sh`;

/**
 * Downloads the models. The job starts a temporary server, because the service is healthy only once
 * it has them.
 */
function pull(ctx: Context): ServiceTemplate<Job> {
  const names = [...new Set(modelsOf(ctx).map(({ name }) => JSON.stringify(name)))];
  return {
    ...jobDefaults,
    name: "ollama-pull",
    role: "model",
    ...catalogueImage(image),
    entrypoint: ["bash", pullScript],
    outside: true,
    environment,
    files: [
      projectFile("config/services/files/ollama-pull.sh", pullScript),
      { path: `${folder}/models`, content: names.map((name) => `${name}\n`).join("") },
    ],
    volumes,
    limits: { cpus: 1, memory: "512MiB" },
    // Enough for 40 GB, a model of 70 billion parameters, at 3 MB/s.
    timeout: "4h",
  };
}

function server(ctx: Context): ServiceTemplate<LongRunning> {
  return {
    ...serviceDefaults,
    name: "ollama",
    role: "model",
    kind: "stateful",
    ...catalogueImage(image),
    usesGpus: true,
    environment,
    files: [
      projectFile("config/services/files/ollama-health.sh", healthScript),
      { path: `${folder}/questions`, content: modelsOf(ctx).map(question).join("") },
    ],
    volumes,
    ports: [{ container: image.port, host: image.port, exposure: "none" }],
    // The check waits for running answers. The first check also waits until the model is in memory.
    healthcheck: Healthcheck.command(["bash", healthScript], {
      interval: "15s",
      timeout: "1m",
      retries: 5,
      startPeriod: "5m",
    }),
    blackbox: { module: "http_2xx", port: image.port, path: "/v1/models" },
    limits: { cpus: ctx.prod ? 4 : 2, memory: defaultMemory(modelsOf(ctx)) },
    dependsOn: ["ollama-pull"],
    stopGracePeriod: "30s",
    alerts: [down],
    rows: [blackboxRow("rag", "Ollama", "ollama", "Time to list its models")],
  };
}

/**
 * The request of the health check to a model, and the text that a good answer contains: `path
 * answer request`, a line each.
 */
const question = ({ use, name }: OwnModel): string =>
  use === "llm"
    ? `/api/generate "done":true ${JSON.stringify({ model: name, prompt: "Hi", stream: false, options: { num_predict: 1 } })}\n`
    : `/api/embed "embeddings":[[ ${JSON.stringify({ model: name, input: "Hi" })}\n`;

/**
 * Bits per weight of a quantization, rounded up, from llama.cpp's own table
 * (tools/quantize/README.md, Llama 3.1 8B). If a tag names no quantization, Ollama's library uses
 * Q4_K_M.
 */
const bitsPerWeight: Readonly<Record<string, number>> = {
  q2: 3.2,
  q3: 4.3,
  q4: 4.9,
  q5: 5.8,
  q6: 6.6,
  q8: 8.6,
  f16: 16.1,
  fp16: 16.1,
  bf16: 16.1,
};

/**
 * The memory in addition to the weights, in MiB: Ollama's context of 4096 tokens, and the server.
 */
const overhead = 1024;

/**
 * The memory that a model needs, in MiB, by the number of parameters in its tag. Undefined if the
 * tag has none.
 */
export function modelMemory(name: string): number | undefined {
  const tag = name.toLowerCase().split(":").slice(1).at(-1) ?? "";
  const [, count, unit] = /(?:^|-)(\d+(?:\.\d+)?)(b|m)(?:-|$)/.exec(tag) ?? [];
  if (count === undefined) return undefined;
  const parameters = Number(count) * (unit === "b" ? 1e9 : 1e6);
  const [, quantization = "q4"] = /-(q\d|f16|fp16|bf16)/.exec(tag) ?? [];
  const bits = bitsPerWeight[quantization] ?? 4.9;
  return Math.ceil((parameters * bits) / 8 / 2 ** 20) + overhead;
}

/** The memory of all models together, in MiB: Ollama keeps all of them in memory. */
const memoryOf = (models: readonly OwnModel[]): number =>
  [...new Set(models.map(({ name }) => name))].reduce((sum, name) => sum + (modelMemory(name) ?? 0), 0);

/** The memory of the models whose size is known, or 4 GiB if none is. */
const defaultMemory = (models: readonly OwnModel[]): Size =>
  models.some(({ name }) => modelMemory(name) === undefined)
    ? `${Math.max(4096, memoryOf(models) + 2048)}MiB`
    : `${Math.max(overhead, memoryOf(models))}MiB`;

const small = { llm: "llama3.2:1b", embeddings: "nomic-embed-text" } as const satisfies Record<Use, string>;

/** The job downloads models by name. */
const unnamed = (ctx: Context): Problem[] =>
  usesOf(ctx)
    .filter((use) => ctx.models[use].model === undefined)
    .map((use) => {
      const path = `${use}.model`;
      const why = "a model that the stack runs needs a name";
      return problem(path, "nothing", why, `${toRun}${setCommand(path, small[use])}`);
    });

/** Without the image, the application would call a provider that does not exist. */
function notBuilt(ctx: Context): Problem[] {
  const { images, pinned } = ctx.settings;
  if (images === "registry" || Object.hasOwn(pinned, image.name)) return [];
  return usesOf(ctx).map((use) => {
    const elsewhere = setCommand(`${use}.baseUrl`, "http://models.example.com:11434/v1");
    const pin = setCommand(`pinned.${image.name}`, image.reference);
    const fix = `${toRun}${removeCommand(`${use}.run`)} and ${elsewhere}; or name an image: ${pin}`;
    return problem(`${use}.run`, "true", `images is packages, and ${unavailable}`, fix);
  });
}

/**
 * Reports models that do not fit into the host or the container. Models on a GPU are in its memory,
 * whose size is unknown.
 */
function tooLarge(ctx: Context, services: readonly ServiceSpec[]): Problem[] {
  const self = services.find(({ name }) => name === "ollama");
  const models = modelsOf(ctx);
  const needed = memoryOf(models);
  const [first] = models;
  if (!self || !first || self.gpus) return [];
  const names = models.map(({ name }) => name).join(" and ");
  const need = `${names} ${models.length === 1 ? "needs" : "need"} about ${needed} MiB`;
  const smaller = setCommand(`${first.use}.model`, small[first.use]);
  const { memoryMiB: host } = ctx.host;
  if (host !== undefined && needed > host) {
    const why = `${need}, but the host has ${host} MiB`;
    return [problem(`${first.use}.model`, `"${first.name}"`, why, `${toRun}${smaller}`)];
  }
  if (mebibytes(self.limits.memory) >= needed) return [];
  const path = "services.ollama.limits.memory";
  const fix = `${toRun}${setCommand(path, `${needed}MiB`)}; or take a smaller model: ${smaller}`;
  return [problem(path, self.limits.memory, need, fix)];
}

const down: Alert = {
  name: "OllamaDown",
  severity: "critical",
  expr: 'probe_success{service="ollama"} == 0',
  holds: "1m",
  summary: "Ollama does not answer",
  description:
    "While the stack's own model server is down, questions get no answer, or documents get no vectors.",
  runbook:
    "Read `make logs SERVICE=ollama`. Exit code 137 is the memory limit: raise services.ollama.limits.memory, or use a " +
    "smaller model. If a model is missing, `make logs SERVICE=ollama-pull` says why it could not be downloaded.",
  suppresses: storeConsequences,
};
