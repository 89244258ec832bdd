import { Probe } from "../probe.ts";
import type { Built, LongRunning } from "../service.ts";
import { pythonBases } from "../services/app.ts";
import { type Context, common, on } from "../services/draft.ts";
import { modelSettings } from "../services/models.ts";
import { watched } from "../services/monitoring.ts";
import { chroma } from "../services/stores.ts";
import type { System } from "./system.ts";

const image: Built = {
  from: "build",
  name: "financerag",
  context: "systems/financerag",
  dockerfile: "systems/financerag/Dockerfile",
  bases: pythonBases,
};

/** Questions to financial documents: Chroma's files beside the API in dev, its server under several replicas in prod. */
export const financerag: System = {
  about:
    "An API over Chroma with OpenAI for vectors and answers; in production three replicas of four workers.",
  differs: ["Replicas run as containers behind a gateway; Swarm and Kubernetes are not tried."],
  networks: { default: { internal: false } },
  vectorStore: { allowed: ["embedded", "chroma"], dev: "embedded", prod: "chroma" },
  models: {
    own: {
      name: "openai",
      key: "openaiApiKey",
      embeddingModel: "text-embedding-3-small",
      llmModel: "gpt-4o-mini",
    },
  },
  services: (ctx) => {
    const server = ctx.vectorStore === "chroma" ? [chroma(ctx)] : [];
    return on(["default"], [...server, financeragApi(ctx), ...watched(ctx)]);
  },
};

function financeragApi(ctx: Context): LongRunning {
  const models = modelSettings(ctx.models);
  const embedded = ctx.vectorStore === "embedded";
  return {
    ...common,
    name: "financerag",
    role: "api",
    // Chroma's files take one process at a time; with the server nothing is kept here.
    kind: embedded ? "store" : "stateless",
    image,
    command: ctx.prod ? ["serve", "--production"] : ["serve"],
    user: "10001:10001",
    networks: [],
    environment: {
      ...models.environment,
      ...(embedded ? {} : { CHROMA_HOST: "chroma", CHROMA_PORT: "8000" }),
      ...(ctx.prod ? { WEB_CONCURRENCY: embedded ? "1" : "4" } : { WATCH_DOCUMENTS: "1" }),
    },
    files: models.files,
    mounts: ctx.prod
      ? []
      : [{ source: "systems/financerag/documents", target: "/app/documents", readOnly: true }],
    volumes: embedded ? [{ volume: "data", path: "/app/data" }] : [],
    endpoint: { container: 8000, host: 8000, exposure: ctx.prod ? "public" : "loopback" },
    probe: Probe.command(["python", "main.py", "health"], { startPeriod: "1m" }),
    check: { module: "http_2xx", port: 8000, path: "/health" },
    metrics: { port: 8000, path: "/metrics" },
    replicas: ctx.prod && !embedded ? 3 : 1,
    limits: { cpus: 1, memory: "1GiB" },
    after: embedded ? [] : ["chroma"],
    stopGrace: "30s",
  };
}
