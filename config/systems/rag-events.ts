import { Probe } from "../probe.ts";
import type { Built, FileSpec, LongRunning } from "../service.ts";
import { pythonBases } from "../services/app.ts";
import { type Context, common, on } from "../services/draft.ts";
import { secretFile } from "../services/files.ts";
import { modelSettings } from "../services/models.ts";
import { watched } from "../services/monitoring.ts";
import type { System } from "./system.ts";

/** One image for the API and the UI: its entrypoint's argument says which. */
const image: Built = {
  from: "build",
  name: "rag-events",
  context: "systems/rag-events",
  dockerfile: "systems/rag-events/Dockerfile",
  target: "production",
  bases: pythonBases,
};

/** When its users' health checks ask. */
const timing = { interval: "30s", timeout: "10s", startPeriod: "5s", retries: 3 } as const;

/** Questions to documents in a FAISS index; the index is a file on a volume, which replicas share. */
export const ragEvents: System = {
  about: "An API and a UI of one image over a FAISS index on a volume, with Mistral for vectors and answers.",
  differs: [
    "Libraries are installed by uv from a lock of requirements with hashes: a uv.lock would name the index it was made with.",
    "The API extra and the UI are in the one image, because its entrypoint has both modes.",
  ],
  networks: { "rag-network": { internal: false } },
  models: {
    own: {
      name: "mistral",
      key: "mistralApiKey",
      embeddingModel: "mistral-embed",
      llmModel: "mistral-small-latest",
    },
  },
  services: (ctx) => on(["rag-network"], [api(ctx), ui(ctx), ...watched(ctx)]),
};

function api(ctx: Context): LongRunning {
  const models = modelSettings(ctx.models);
  const rebuild: FileSpec[] = ctx.secrets.has("rebuildApiKey") ? [secretFile("rebuild-api-key")] : [];
  return {
    ...common,
    name: "api",
    role: "api",
    kind: "stateless",
    image,
    command: ["api"],
    user: "10001:10001",
    networks: [],
    environment: {
      ...models.environment,
      API_HOST: "0.0.0.0",
      API_PORT: "8000",
      // Not there unless the user has set the key: the application then refuses to rebuild.
      REBUILD_API_KEY_FILE: "/run/secrets/rebuild-api-key",
    },
    files: [...models.files, ...rebuild],
    volumes: [{ volume: "data", path: "/app/data" }],
    endpoint: { container: 8000, host: 8000, exposure: ctx.prod ? "public" : "loopback" },
    probe: Probe.command(["python", "-m", "rag_events", "probe", "api"], timing),
    check: { module: "http_2xx", port: 8000, path: "/health" },
    metrics: { port: 8000, path: "/metrics" },
    replicas: ctx.prod ? 2 : 1,
    limits: { cpus: 1, memory: "1GiB" },
    stopGrace: "30s",
  };
}

function ui(ctx: Context): LongRunning {
  return {
    ...common,
    name: "ui",
    role: "ui",
    kind: "stateless",
    image,
    command: ["streamlit"],
    user: "10001:10001",
    networks: [],
    environment: { API_URL: "http://api:8000", STREAMLIT_PORT: "8501" },
    endpoint: { container: 8501, host: 8501, exposure: ctx.prod ? "public" : "loopback" },
    // Its own: the image's one health check asked the API's port, where the UI never was.
    probe: Probe.command(["python", "-m", "rag_events", "probe", "ui"], timing),
    check: { module: "http_2xx", port: 8501, path: "/_stcore/health" },
    limits: { cpus: 1, memory: "512MiB" },
    after: ["api"],
  };
}
