import { alertmanager } from "../services/alertmanager.ts";
import { blackboxExporter } from "../services/blackbox-exporter.ts";
import { modelSettings } from "../services/model-settings.ts";
import { callsProvider } from "../services/models.ts";
import { type Context, type ServiceModule, serviceDefaults } from "../services/module.ts";
import { prometheus } from "../services/prometheus.ts";
import { pythonApp, streamlitAccess, streamlitUploads } from "../services/python.ts";
import { emptyRetrievalsHigh } from "../services/rag-alerts.ts";
import { fromUser, secretFile, secretPath } from "../services/secrets.ts";
import type { Settings } from "../settings/schema.ts";
import { asks, uploadsTo } from "../spec/access.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import { removeCommand, secretCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import { usualRecovery } from "../spec/recovery.ts";
import type { LongRunning } from "../spec/service.ts";
import { seconds } from "../spec/units.ts";
import { ownCommands, type System } from "./system.ts";

const collector: ServiceModule = {
  optIn: ({ settings }) => settings.openAgenda !== undefined,
  services: (ctx) => (ctx.settings.openAgenda ? [collect(ctx, ctx.settings.openAgenda)] : []),
  rules: withoutKey,
};

/** One image for the API and the UI. The argument of its entrypoint selects one of them. */
const image = { ...pythonApp("rag-events", "systems/rag-events"), target: "production" };

/** The interval of the original's health checks. */
const timing = { interval: "30s", timeout: "10s", startPeriod: "5s", retries: 3 } as const;

/**
 * An application that answers questions on documents in a FAISS index. The index is a file on a
 * volume, which replicas share.
 */
export const ragEvents: System = {
  about:
    "An API and a UI from one image, with a FAISS index on a volume, and Mistral for vectors and answers.",
  differs: [
    "Libraries are installed by uv from a requirements file with hashes, because a uv.lock contains the address of the package index that created it.",
    "The API extra and the UI are in the one image, because the entrypoint of the image has both modes.",
    "Python is 3.13 and not 3.11. All applications use one version, which Debian 13 has. It gets security fixes until 2029.",
    "The image writes bytecode when it is built, so that a container starts faster with a read-only file system. No variable turns bytecode off.",
    "The image has no curl: the health check is a command of the application. So an attacker in the container finds no HTTP client.",
    "The volume has documents/ for the originals and the index next to it, and not data/raw, data/processed and data/indexes: a rebuild needs only the originals.",
    "The data is in a named volume and not in ./data of the checkout. So backups and file owners work in the same way in `dev` and `prod`.",
    "The keys reach the application as files and not as variables, because `docker inspect` shows variables.",
    "There are no notebooks: `ragdock:openAgenda` collects the events every day, the API takes uploads, and POST /rebuild creates the index again.",
    "The network has the name of the services on it and not rag-network. The UI reaches only the API.",
    "macOS and Windows run Docker in a virtual machine. Ragdock should work with Docker Desktop, but no test runs there.",
    ownCommands,
  ],
  models: {
    own: {
      name: "mistral",
      key: "mistralApiKey",
      embeddingModel: "mistral-embed",
      llmModel: "mistral-small-latest",
    },
  },
  collectsEvents: true,
  modules: [
    { services: (ctx) => [api(ctx), ui(ctx)] },
    collector,
    prometheus({ publish: false }),
    alertmanager({ publish: false }),
    blackboxExporter,
  ],
};

function api(ctx: Context): LongRunning {
  const models = modelSettings(ctx.models);
  const rebuildKey = fromUser("rebuildApiKey");
  return {
    ...serviceDefaults,
    name: "api",
    role: "api",
    image,
    command: ["api"],
    user: "10001:10001",
    environment: {
      ...models.environment,
      API_HOST: "0.0.0.0",
      API_PORT: "8000",
      // The file of the key exists only if the user has set it. Without it the application refuses
      // to rebuild.
      REBUILD_API_KEY_FILE: secretPath(rebuildKey),
    },
    files: [...models.files, ...(ctx.secrets.has("rebuildApiKey") ? [secretFile(rebuildKey)] : [])],
    outside: callsProvider(ctx.models),
    volumes: [{ volume: "data", path: "/app/data" }],
    ports: [{ container: 8000, host: 8000, exposure: ctx.prod ? "public" : "loopback" }],
    healthcheck: Healthcheck.command(["python", "-m", "rag_events", "probe", "api"], timing),
    restartUnhealthy: usualRecovery,
    uploadPaths: ["/documents"],
    access: [asks("/query"), uploadsTo("/documents"), { path: "/rebuild", role: "admin" }],
    blackbox: { module: "http_2xx", port: 8000, path: "/health" },
    metrics: { port: 8000, path: "/metrics" },
    replicas: ctx.prod ? 2 : 1,
    limits: { cpus: 1, memory: "1GiB" },
    stopGracePeriod: "30s",
    alerts: [emptyRetrievalsHigh],
  };
}

/** Reads the events of an agenda into the index, every day. */
function collect(ctx: Context, agenda: NonNullable<Settings["openAgenda"]>): LongRunning {
  const models = modelSettings(ctx.models);
  const key = fromUser("openagendaKey");
  return {
    ...serviceDefaults,
    name: "collector",
    role: "worker",
    image,
    command: ["python", "-m", "rag_events", "collector"],
    user: "10001:10001",
    tmpfs: ["/tmp"],
    environment: {
      ...models.environment,
      OPENAGENDA_AGENDA: agenda.agenda,
      OPENAGENDA_LANGUAGE: agenda.language,
      OPENAGENDA_PAST_SECONDS: String(seconds(agenda.past)),
      OPENAGENDA_EVERY_SECONDS: String(seconds(agenda.every)),
      OPENAGENDA_KEY_FILE: secretPath(key),
    },
    files: [...models.files, secretFile(key)],
    outside: true,
    volumes: [{ volume: "data", path: "/app/data" }],
    healthcheck: Healthcheck.command(["python", "-m", "rag_events", "probe", "collector"], {
      startPeriod: "1m",
    }),
    limits: { cpus: 1, memory: "768MiB" },
  };
}

function withoutKey(ctx: Context): Problem[] {
  if (ctx.secrets.has("openagendaKey")) return [];
  const fix = `${toRun}${secretCommand("openagendaKey")}. To do without: ${removeCommand("openAgenda")}`;
  return [problem("openagendaKey", "nothing", "openAgenda is set, which needs a key of Open Agenda", fix)];
}

/**
 * With a sign-in, the gateway adds the sender's identity to each request. The API is its first
 * port.
 */
const apiUrl = ({ settings }: Context): string =>
  settings.ingress.signIn ? "http://gateway:8080" : "http://api:8000";

function ui(ctx: Context): LongRunning {
  return {
    ...serviceDefaults,
    name: "ui",
    role: "ui",
    image,
    command: ["streamlit"],
    user: "10001:10001",
    tmpfs: ["/tmp"],
    calls: ctx.settings.ingress.signIn ? ["gateway"] : [],
    environment: { API_URL: apiUrl(ctx), STREAMLIT_PORT: "8501" },
    ports: [{ container: 8501, host: 8501, exposure: ctx.prod ? "public" : "loopback" }],
    // The UI needs its own health check, because the image's check requests the API's port.
    healthcheck: Healthcheck.command(["python", "-m", "rag_events", "probe", "ui"], timing),
    restartUnhealthy: usualRecovery,
    uploadPaths: [streamlitUploads],
    access: [streamlitAccess],
    blackbox: { module: "http_2xx", port: 8501, path: "/_stcore/health" },
    limits: { cpus: 1, memory: "512MiB" },
    dependsOn: ["api"],
  };
}
