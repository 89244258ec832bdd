import { z } from "zod";
import { postgresVersions } from "../spec/postgres.ts";
import type { Duration, Size } from "../spec/units.ts";
import { durationPattern, mebibytes, sizePattern } from "../spec/units.ts";
import { parsePlaceholders, wrongPlaceholders } from "./placeholders.ts";

const size = z
  .string()
  .regex(sizePattern, "must be a whole number with its unit, such as 512MiB or 2GiB")
  .transform((v) => v as Size);
// Docker Engine refuses less ("Minimum memory limit allowed is 6MB") and counts in binary units.
const memoryLimit = size.refine((v) => mebibytes(v) >= 6, "must be at least 6MiB, Docker's minimum");
const duration = z
  .string()
  .regex(durationPattern, "must be a whole number with its unit, such as 30s, 15m or 14d")
  .transform((v) => v as Duration);
const durationOrNone = new RegExp(`^0s$|${durationPattern.source}`);
// `pulumi config set --path` turns what looks like a number or a boolean into one.
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const port = z.int().min(1).max(65_535);
const path = z.string().regex(/^\/\S*$/, "must start with / and contain no blanks");
const url = z.url({ protocol: /^https?$/ });
const modelName = z.string().min(1).optional().describe("Name of the model. Each provider has a default.");
const baseUrl = url
  .optional()
  .describe("Address of an OpenAI-compatible endpoint, up to and including `/v1`.");
const run = z
  .boolean()
  .default(false)
  .describe("Whether the stack itself runs the provider, for providers that have a service.");

const mount = z.strictObject({
  source: z
    .string()
    .min(1)
    .describe("Folder or file on the Docker host. A relative path starts at the project."),
  target: path.describe("Path in the container."),
  readOnly: z.boolean().default(true).describe("Whether the container may only read it."),
});

const file = z.strictObject({
  path: path.describe("Path in the container."),
  content: z
    .string()
    .superRefine((value, ctx) => {
      for (const piece of wrongPlaceholders(value))
        ctx.addIssue(`has ${piece}; a placeholder for a secret is written {{secret:name}}`);
    })
    .transform(parsePlaceholders)
    .describe("Its text. `{{secret:postgres-password}}` is replaced by that secret of the stack."),
});

/** What a user may set for one service. Anything left out keeps the system's own value. */
export const serviceSettings = z.strictObject({
  enabled: z.boolean().optional().describe("`false` leaves the service out."),
  exposure: z
    .enum(["none", "loopback", "public"])
    .optional()
    .describe(
      "Who can reach its port: its networks only, this host, or everyone. Stores are never `public`.",
    ),
  port: port.optional().describe("Port on the host, where the service is exposed."),
  replicas: z.int().min(1).max(32).optional().describe("How many containers run. Stateful services run 1."),
  limits: z
    .strictObject({
      cpus: z.coerce.number().min(0.05).max(128).optional().describe("CPUs. 0.5 is half of one."),
      memory: memoryLimit
        .optional()
        .describe("Memory. The kernel kills a process that uses more (exit code 137)."),
      reservation: size.optional().describe("Memory kept for it when the host is short."),
    })
    .optional()
    .describe("What it may use of the host."),
  gpus: z.enum(["all"]).optional().describe("GPUs of the host that it gets."),
  soak: z
    .string()
    .regex(durationOrNone, "must be a whole number with its unit, such as 30s, or 0s")
    .transform((v) => v as Duration)
    .optional()
    .describe(
      "How long a new revision must keep answering before it gets requests (bake time). `0s` is not at all.",
    ),
  shm: size.optional().describe("Size of /dev/shm, where PostgreSQL builds HNSW indexes."),
  logs: z
    .strictObject({
      maxSize: size.optional().describe("Size at which a log file is rotated."),
      maxFiles: z.int().min(1).max(100).optional().describe("Log files kept."),
    })
    .optional()
    .describe("Rotation of its log. A change applies to containers that start after it."),
  environment: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/), text)
    .optional()
    .describe("Environment variables, added to the system's own. No secrets: `docker inspect` shows them."),
  files: z
    .array(file)
    .optional()
    .describe("Files made from the settings, in its containers only. A `.env` with a password is one."),
  mounts: z.array(mount).optional().describe("Folders of the host, in `dev` only."),
  sourceMount: z
    .boolean()
    .optional()
    .describe("Mounts the application's source over the image's, so that edits show at once. `dev` only."),
});

const provider = z.enum(["openai", "mistral", "ollama", "vllm"]);

/** Everything a user may set under `ragdock:` in a stack's file. */
export const settings = z.strictObject({
  system: z.string().default("full").describe("The system to run."),
  environment: z
    .enum(["dev", "prod"])
    .default("dev")
    .describe("What the defaults are for: a developer's machine, or users."),
  images: z
    .enum(["registry", "packages"])
    .default("registry")
    .describe("Where images come from: pulled from registries, or built from Debian and PyPI packages."),
  pinned: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe(
      "Images to run by name instead of the pulled or built ones, as `{ grafana: my/grafana:12 }`. `make rollback` writes it.",
    ),
  vectorStore: z
    .enum(["pgvector", "chroma", "embedded"])
    .optional()
    .describe(
      "Where vectors are kept: in PostgreSQL, in a Chroma server, or in the application's own files. Each system has a default.",
    ),
  postgresVersion: z
    .enum(postgresVersions)
    .default("17")
    .describe(
      "Major version of PostgreSQL. `make upgrade-postgres VERSION=18` changes it for an existing stack.",
    ),
  embeddings: z
    .strictObject({
      provider: z
        .enum(["local", ...provider.options])
        .optional()
        .describe("Provider of the vectors. `local` unless the system has its own."),
      model: modelName,
      dimension: z
        .int()
        .min(1)
        .max(2000)
        .optional()
        .describe("Length of a vector. HNSW in pgvector supports at most 2000."),
      baseUrl,
      run,
    })
    .prefault({})
    .describe("Embeddings. Set the key with `pulumi config set --secret ragdock:embeddingsApiKey`."),
  llm: z
    .strictObject({
      provider: z
        .enum(["none", ...provider.options])
        .optional()
        .describe("Provider of the answers. `none` quotes the best passages, unless the system has its own."),
      model: modelName,
      baseUrl,
      run,
    })
    .prefault({})
    .describe("Answers. Set the key with `pulumi config set --secret ragdock:llmApiKey`."),
  app: z
    .strictObject({
      source: z
        .string()
        .min(1)
        .optional()
        .describe(
          "Folder with a Dockerfile, or with a requirements.txt and an ASGI application, built in place of the reference app.",
        ),
      image: z.string().min(1).optional().describe("Image to run in place of the reference app."),
      module: z
        .string()
        .regex(/^[\w.]+:\w+$/, "must be a module and its application, such as main:app")
        .optional()
        .describe("What uvicorn serves if the folder has no Dockerfile. `main:app` unless set."),
      port: port.default(8000).describe("Port it listens on."),
      healthPath: path.default("/api/health").describe("Path that answers 2xx while it is alive."),
      metricsPath: path
        .optional()
        .describe("Path of its Prometheus metrics, if it has some. The gateway does not lead there."),
      bodySize: size
        .optional()
        .describe("Largest request that the gateway passes to it. 26MiB unless a larger size is set."),
    })
    .optional()
    .describe("Your own application instead of the reference app."),
  monitoring: z
    .strictObject({
      scrapeInterval: duration.prefault("15s").describe("How often Prometheus scrapes."),
      retention: duration.prefault("15d").describe("How long Prometheus keeps samples."),
      alertWebhook: url.optional().describe("Where Alertmanager sends alerts."),
    })
    .prefault({})
    .describe("Metrics and alerts."),
  host: z
    .strictObject({
      memory: size.optional().describe("Memory of the Docker host, if that is not this machine."),
      cpus: z.int().min(1).optional().describe("CPUs of the Docker host, if that is not this machine."),
    })
    .prefault({})
    .describe("What the limits are checked against."),
  rotations: z
    .record(z.string(), z.int().min(1).max(1_000_000))
    .default({})
    .describe("Generation of each generated secret. 1 unless set. `make rotate` increases it."),
  lostVolumes: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      "Volumes whose data you gave up, with the time they were created. `make up CONFIRM=<stack>` writes it after a loss.",
    ),
  services: z
    .record(z.string(), serviceSettings)
    .default({})
    .describe("Settings of single services, by name."),
});

export type Settings = z.output<typeof settings>;
export type ServiceSettings = z.output<typeof serviceSettings>;
export type VectorStore = NonNullable<Settings["vectorStore"]>;

/** Secrets of the stack that a user sets. Their values never pass through this schema. */
export const userSecrets = {
  llmApiKey: "Key of the LLM provider.",
  embeddingsApiKey: "Key of the embeddings provider.",
  mistralApiKey: "rag-events: key of Mistral, for embeddings and answers.",
  openaiApiKey: "financerag: key of OpenAI, for embeddings and answers.",
  rebuildApiKey:
    "rag-events: the key that a client sends to rebuild the index over HTTP. Without it no client can.",
} as const;

export type UserSecret = keyof typeof userSecrets;
