import { z } from "zod";
import type { Duration, Size } from "../spec/units.ts";
import { durationPattern, mebibytes, sizePattern } from "../spec/units.ts";

const size = z
  .string()
  .regex(sizePattern, "must be a whole number with its unit, such as 512MiB or 2GiB")
  .transform((v) => v as Size);
// Docker Engine refuses less ("Minimum memory limit allowed is 6MB"), and counts it in binary.
const memoryLimit = size.refine((v) => mebibytes(v) >= 6, "must be at least 6MiB, the least Docker takes");
const duration = z
  .string()
  .regex(durationPattern, "must be a whole number with its unit, such as 30s, 15m or 14d")
  .transform((v) => v as Duration);
const durationOrNone = new RegExp(`^0s$|${durationPattern.source}`);
// `pulumi config set --path` makes numbers and booleans of what looks like them.
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const port = z.int().min(1).max(65_535);
const path = z.string().regex(/^\/\S*$/, "must start with / and hold no blanks");
const url = z.url({ protocol: /^https?$/ });

const mount = z.strictObject({
  source: z
    .string()
    .min(1)
    .describe("Folder or file on the engine's host; a relative path starts at the project."),
  target: path.describe("Where the container sees it."),
  readOnly: z.boolean().default(true).describe("Whether the container may only read it."),
});

const file = z.strictObject({
  path: path.describe("Where the container sees it."),
  content: z
    .string()
    .describe("What is in it; `{{secret:postgres-password}}` becomes that secret of the stack."),
});

/** What a user may set for one service; whatever is left out keeps the system's own value. */
export const serviceSettings = z.strictObject({
  enabled: z.boolean().optional().describe("`false` leaves the service out."),
  exposure: z
    .enum(["none", "loopback", "public"])
    .optional()
    .describe("Who reaches its port: its networks only, this host, or everyone. Stores are never `public`."),
  port: port.optional().describe("Port on the host, where the service is exposed."),
  replicas: z.int().min(1).max(32).optional().describe("How many containers run; 1 for stores."),
  limits: z
    .strictObject({
      cpus: z.coerce.number().min(0.05).max(128).optional().describe("CPUs; 0.5 is half of one."),
      memory: memoryLimit.optional().describe("Memory; the kernel ends what goes beyond (exit code 137)."),
      reservation: size.optional().describe("Memory kept for it when the host is short."),
    })
    .optional()
    .describe("What it may take of the host."),
  soak: z
    .string()
    .regex(durationOrNone, "must be a whole number with its unit, such as 30s, or 0s")
    .transform((v) => v as Duration)
    .optional()
    .describe("How long a new release has to keep answering before it is sent requests; `0s` is not at all."),
  shm: size.optional().describe("Size of /dev/shm, where PostgreSQL builds HNSW indexes."),
  logs: z
    .strictObject({
      maxSize: size.optional().describe("Size at which a log file is rotated."),
      maxFiles: z.int().min(1).max(100).optional().describe("Log files kept."),
    })
    .optional()
    .describe("Rotation of its log."),
  environment: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/), text)
    .optional()
    .describe(
      "Environment variables, added to the system's own. Never secrets: they show in `docker inspect`.",
    ),
  files: z
    .array(file)
    .optional()
    .describe(
      "Files made from the settings, in its containers alone: also how a password gets into a `.env`.",
    ),
  mounts: z.array(mount).optional().describe("Folders of the host, `dev` only."),
  sourceMount: z
    .boolean()
    .optional()
    .describe("Mounts the app's source over the image's, so that edits show at once; `dev` only."),
});

/** Major versions of PostgreSQL that there is an image of. */
export const postgresVersions = ["17", "18"] as const;

const provider = z.enum(["openai", "mistral", "ollama", "vllm"]);

/** Everything a user may set, as it stands under `ragdock:` in a stack's file. */
export const settings = z.strictObject({
  system: z.string().default("full").describe("The system to run."),
  environment: z
    .enum(["dev", "prod"])
    .default("dev")
    .describe("What the defaults aim at: a developer's machine, or users."),
  images: z
    .enum(["registry", "packages"])
    .default("registry")
    .describe(
      "Where images come from: pulled from their registries, or built from Debian and PyPI packages.",
    ),
  pinned: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe(
      "Images to run by name, in place of the ones that are pulled or built, as `{ grafana: my/grafana:12 }`; `make rollback` writes it.",
    ),
  vectorStore: z
    .enum(["pgvector", "chroma", "embedded"])
    .optional()
    .describe(
      "Where vectors are kept: in PostgreSQL, in a Chroma server, or in the application's own files. Each system has its own.",
    ),
  postgresVersion: z
    .enum(postgresVersions)
    .default("17")
    .describe(
      "Major version of PostgreSQL. An existing stack changes it by `make upgrade-postgres VERSION=18`.",
    ),
  embeddings: z
    .strictObject({
      provider: z
        .enum(["local", ...provider.options])
        .optional()
        .describe("Who makes the vectors; `local` unless the system has a provider of its own."),
      model: z.string().min(1).optional().describe("Name of the model; each provider has a default."),
      dimension: z
        .int()
        .min(1)
        .max(2000)
        .optional()
        .describe("Length of a vector; HNSW in pgvector ends at 2000."),
      baseUrl: url.optional().describe("Address of an OpenAI-compatible endpoint, up to and with `/v1`."),
    })
    .prefault({})
    .describe("Embeddings. Its key: `pulumi config set --secret ragdock:embeddingsApiKey`."),
  llm: z
    .strictObject({
      provider: z
        .enum(["none", ...provider.options])
        .optional()
        .describe("Who writes answers; `none` quotes the best passages, unless the system has its own."),
      model: z.string().min(1).optional().describe("Name of the model; each provider has a default."),
      baseUrl: url.optional().describe("Address of an OpenAI-compatible endpoint, up to and with `/v1`."),
    })
    .prefault({})
    .describe("Answers. Its key: `pulumi config set --secret ragdock:llmApiKey`."),
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
        .default("main:app")
        .describe("What uvicorn serves, where the folder has no Dockerfile."),
      port: port.default(8000).describe("Port it listens on."),
      healthPath: path.default("/api/health").describe("Answers 2xx while it is alive."),
      metricsPath: path
        .optional()
        .describe("Prometheus metrics, where it has some; the gateway does not lead there."),
    })
    .optional()
    .describe("Your own application instead of the reference app."),
  monitoring: z
    .strictObject({
      scrapeInterval: duration.prefault("15s").describe("How often Prometheus asks."),
      retention: duration.prefault("15d").describe("How long Prometheus remembers."),
      alertWebhook: url.optional().describe("Where Alertmanager sends alerts."),
    })
    .prefault({})
    .describe("Metrics and alerts."),
  host: z
    .strictObject({
      memory: size.optional().describe("Memory of the engine's host, where that is not this machine."),
      cpus: z.int().min(1).optional().describe("CPUs of the engine's host, where that is not this machine."),
    })
    .prefault({})
    .describe("What the limits are checked against."),
  rotations: z
    .record(z.string(), z.int().min(1).max(1_000_000))
    .default({})
    .describe(
      "Generation of each generated secret, by its name without `-password`; 1 unless set. `make rotate` counts it up.",
    ),
  services: z
    .record(z.string(), serviceSettings)
    .default({})
    .describe("Settings of single services, by name."),
});

export type Settings = z.output<typeof settings>;
export type ServiceSettings = z.output<typeof serviceSettings>;
export type PostgresVersion = Settings["postgresVersion"];
export type VectorStore = NonNullable<Settings["vectorStore"]>;

/** Secrets of the stack that a user sets with `pulumi config set --secret`; their values never pass through this schema. */
export const userSecrets = {
  llmApiKey: "Key of the LLM provider.",
  embeddingsApiKey: "Key of the embeddings provider.",
  mistralApiKey: "rag-events: key of Mistral, for embeddings and answers.",
  openaiApiKey: "financerag: key of OpenAI, for embeddings and answers.",
  rebuildApiKey: "rag-events: whoever rebuilds the index over HTTP gives it; without one nobody can.",
} as const;

export type UserSecret = keyof typeof userSecrets;
