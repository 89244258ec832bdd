import { alertmanager } from "../services/alertmanager.ts";
import { blackboxExporter } from "../services/blackbox-exporter.ts";
import { chroma, chromaAddress } from "../services/chroma.ts";
import { modelSettings } from "../services/model-settings.ts";
import { callsProvider } from "../services/models.ts";
import { type Context, serviceDefaults } from "../services/module.ts";
import { prometheus } from "../services/prometheus.ts";
import { pythonApp } from "../services/python.ts";
import { emptyRetrievalsHigh, ingestionFailing } from "../services/rag-alerts.ts";
import { asks, uploadsTo } from "../spec/access.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import type { LongRunning } from "../spec/service.ts";
import { ownCommands, type System } from "./system.ts";

const image = pythonApp("financerag", "systems/financerag");

/**
 * Questions on financial documents: Chroma's files are in the API's volume in dev. In prod, the
 * replicas use Chroma's server.
 */
export const financerag: System = {
  about:
    "An API over Chroma with OpenAI for vectors and answers; in production, three replicas with four workers each.",
  differs: [
    "Replicas run as containers behind a gateway, and `make compose` writes a Compose file. `ragdock:target: swarm` runs them on the nodes of a Docker Swarm. Kubernetes is not supported, because the replacement of containers without a failed request is made for Docker.",
    "Python is 3.13 and not 3.11. All applications use one version, which Debian 13 has. It gets security fixes until 2029.",
    "The folder with the documents is `documents` and not `sample_docs`: users put their own there.",
    "The health check runs every 5 s until the first success, so the container is used sooner. It calls `main.py health`, because the image has no curl.",
    "The image is larger than 300 MB: it contains a local embedding model, so a stack answers without a key. A test keeps it under 400 MB.",
    "The key reaches the application as a file and not as a variable, because `docker inspect` shows variables. For an application that reads only variables, use `services.<name>.secrets`.",
    "Secrets of Docker are a part of Swarm, which uses them. On one host, Ragdock encrypts secrets in the stack's file, and `pulumi` can use a key of AWS, Azure, Google or Vault for that. Containers do not call Vault or AWS themselves, because a restart must not depend on them.",
    "Logs are JSON lines that Docker rotates, and `make logs` shows them. The stack has no traces and no search through all logs, because they need a store as large as the service.",
    "The data is in a named volume and not in ./data of the checkout. So backups and file owners work in the same way in `dev` and `prod`.",
    ownCommands,
  ],
  vectorStore: { allowed: ["embedded", "chroma"], dev: "embedded", prod: "chroma" },
  models: {
    own: {
      name: "openai",
      key: "openaiApiKey",
      embeddingModel: "text-embedding-3-small",
      llmModel: "gpt-4o-mini",
    },
  },
  modules: [
    chroma(),
    { services: (ctx) => [api(ctx)] },
    prometheus({ publish: false }),
    alertmanager({ publish: false }),
    blackboxExporter,
  ],
};

function api(ctx: Context): LongRunning {
  const models = modelSettings(ctx.models);
  const embedded = ctx.vectorStore === "embedded";
  const server = chromaAddress(ctx);
  return {
    ...serviceDefaults,
    name: "financerag",
    role: "api",
    // Chroma's files take one process at a time. With the server, the volume has no data.
    kind: embedded ? "stateful" : "stateless",
    image,
    command: ctx.prod ? ["serve", "--production"] : ["serve"],
    user: "10001:10001",
    environment: {
      ...models.environment,
      ...(embedded ? {} : { CHROMA_HOST: server.host, CHROMA_PORT: String(server.port) }),
      ...(!embedded && server.isEncrypted ? { CHROMA_TLS: "true" } : {}),
      ...(ctx.prod ? { WEB_CONCURRENCY: embedded ? "1" : "4" } : { WATCH_DOCUMENTS: "1" }),
    },
    files: models.files,
    mounts: ctx.prod
      ? []
      : [{ source: "systems/financerag/documents", target: "/app/documents", readOnly: true }],
    outside: callsProvider(ctx.models),
    volumes: embedded ? [{ volume: "data", path: "/app/data" }] : [],
    ports: [{ container: 8000, host: 8000, exposure: ctx.prod ? "public" : "loopback" }],
    healthcheck: Healthcheck.command(["python", "main.py", "health"], { startPeriod: "1m" }),
    uploadPaths: ["/documents"],
    access: [asks("/query"), uploadsTo("/documents")],
    blackbox: { module: "http_2xx", port: 8000, path: "/health" },
    metrics: { port: 8000, path: "/metrics" },
    replicas: ctx.prod && !embedded ? 3 : 1,
    limits: { cpus: 1, memory: "1GiB" },
    dependsOn: embedded ? [] : ["chroma"],
    stopGracePeriod: "30s",
    alerts: [emptyRetrievalsHigh, ingestionFailing],
  };
}
