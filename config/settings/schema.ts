import { z } from "zod";
import { postgresVersions } from "../spec/postgres.ts";
import { app, apps } from "./apps.ts";
import { aliases, buildArguments, container, entrypoint } from "./container.ts";
import { file, mount } from "./files.ts";
import { ingress } from "./ingress.ts";
import {
  duration,
  durationOrNone,
  group,
  integer,
  like,
  limits,
  name,
  optional,
  port,
  size,
  switchable,
  url,
  variables,
} from "./kinds.ts";
import { openAgenda } from "./open-agenda.ts";
import { stores } from "./stores.ts";
import { swarm } from "./swarm.ts";

const logs = z.strictObject({
  maxSize: optional("Size at which a log file is rotated.", size),
  maxFiles: optional("Log files kept.", integer(1, 100)),
});

const recovery = z.strictObject({
  after: duration
    .prefault("5m")
    .describe("How long its health check must fail. Each further restart waits twice as long."),
  limit: integer(1, 10)
    .default(3)
    .describe("Largest number of restarts in a row. The count begins again one day after the last restart."),
});

/** The settings of one service. A setting that is left out keeps the system's value. */
export const serviceSettings = z.strictObject({
  enabled: optional("`false` leaves the service out.", z.boolean()),
  exposure: optional(
    "Who can reach its port: only its networks, this host, or everyone. Stores are never `public`.",
    z.enum(["none", "loopback", "public"]),
  ),
  outside: optional(
    "Whether it may call hosts outside of the stack. By default it may if its settings need it.",
    z.boolean(),
  ),
  port: optional(
    "Port on the host, if the service is exposed. In `dev`, an application behind the gateway can also publish its own port, on loopback.",
    port,
  ),
  aliases: optional(
    "More names by which other services reach it. While the service is replaced, its old and new containers have these names.",
    aliases,
  ),
  replicas: optional("Number of containers. Stateful services have 1.", integer(1, 32)),
  limits: optional("Limits of its container.", limits),
  gpus: optional("GPUs of the host for its container.", z.enum(["all"])),
  soak: optional(
    "How long a new revision must keep answering before it gets requests (bake time). `0s` switches it off.",
    durationOrNone,
  ),
  restartUnhealthy: optional(
    "Restarts a container that stays unhealthy: `{ after: 5m, limit: 3 }`, or `false`. By default, applications without volumes are restarted, if their health check runs more often than every 15 s. Stores never are, because they may be recovering.",
    z.union([z.literal(false), recovery], { error: "must be false, or { after, limit }" }),
  ),
  shm: optional("Size of /dev/shm, where PostgreSQL builds HNSW indexes.", size),
  logs: optional("Rotation of its log. A change applies to containers that are created after it.", logs),
  environment: optional(
    "Environment variables, added to the system's own. No secrets: `docker inspect` shows them.",
    variables,
  ),
  files: optional(
    "Files that are made from the settings and exist only in its containers. For example a `.env` with a password.",
    z.array(file),
  ),
  ...container,
  entrypoint,
  build: optional(
    "How its image is built, for all services with this image.",
    z.strictObject({
      args: optional(
        "Build arguments that its Dockerfile declares, such as `{ BUILD_PACKAGES: gcc libxml2-dev }`. No secrets: `docker history` shows them.",
        buildArguments,
      ),
    }),
  ),
  mounts: optional("Folders of the host, in `dev` only.", z.array(mount)),
  sourceMount: optional(
    "Mounts the source of the application from this checkout, so that edits show at once. `dev` only.",
    z.boolean(),
  ),
});

const provider = z.enum(["openai", "mistral", "ollama", "vllm"]);

const model = optional("Name of the model. Each provider has a default.", name);
const endpoint = {
  baseUrl: optional("Address of an OpenAI-compatible endpoint, up to and including `/v1`.", url),
  run: z
    .boolean()
    .default(false)
    .describe("Whether the stack itself runs the provider, for providers that have a service."),
};

/** All settings under `ragdock:` in a stack's file. */
export const settings = z.strictObject({
  system: z
    .string()
    .default("full")
    .describe(
      "The system to run: one of Ragdock's own, the path of a file relative to the checkout, such as `../my-system.ts`, or a package.",
    ),
  environment: z
    .enum(["dev", "prod"])
    .default("dev")
    .describe("Chooses the defaults: for a developer's machine, or for users."),
  target: z
    .enum(["engine", "swarm"])
    .default("engine")
    .describe("Where the stack runs: on one Docker engine, or on all nodes of a Docker Swarm."),
  swarm,
  images: z
    .enum(["registry", "packages"])
    .default("registry")
    .describe("Source of images: pulled from registries, or built from Debian and PyPI packages."),
  registry: optional(
    "Mirror from which official images are pulled, such as `registry.example.org/mirror`: There, `quay.io/team/image:1` is called `registry.example.org/mirror/team/image:1`. On a Swarm, images that Ragdock builds are also pushed there; without this setting, the stack runs a registry for them. Log in with `docker login`.",
    like(
      /^[a-z0-9][\w.-]*(:\d+)?(\/[a-z0-9][\w.-]*)*$/,
      "be a registry with an optional path and without https://, such as registry.example.org/mirror",
    ),
  ),
  pinned: z
    .record(z.string(), name)
    .default({})
    .describe(
      "Images to use instead of the pulled or built images, by name: `{ grafana: my/grafana:12 }`. `make rollback` writes it.",
    ),
  policy: z
    .enum(["advise", "strict"])
    .default("advise")
    .describe(
      "Whether advisory rules are only shown by `make plan` or are errors. Mandatory rules are always errors.",
    ),
  vectorStore: optional(
    "Store of the vectors: in PostgreSQL, in a Chroma server, or in the application's own files. Each system has a default.",
    z.enum(["pgvector", "chroma", "embedded"]),
  ),
  postgresVersion: z
    .enum(postgresVersions)
    .default("17")
    .describe(
      "Major version of PostgreSQL. `make upgrade-postgres VERSION=18` changes it for an existing stack.",
    ),
  ...stores,
  embeddings: group("Embeddings. Set the key with `pulumi config set --secret ragdock:embeddingsApiKey`.", {
    provider: optional(
      "Provider of the embeddings. By default `local`, or the system's own.",
      z.enum(["local", ...provider.options]),
    ),
    model,
    dimension: optional("Length of a vector. HNSW in pgvector supports at most 2000.", integer(1, 2000)),
    ...endpoint,
  }),
  llm: group("Model for answers. Set its key with `pulumi config set --secret ragdock:llmApiKey`.", {
    provider: optional(
      "Provider of the answers. By default `none`, which quotes passages, or the system's own.",
      z.enum(["none", ...provider.options]),
    ),
    model,
    ...endpoint,
  }),
  ingress,
  openAgenda,
  app: optional("Your own application instead of the reference app. `apps` takes several.", app),
  apps,
  monitoring: switchable("Metrics and alerts. `true` is short for `enabled: true`.", {
    enabled: optional(
      "Adds Prometheus, Alertmanager, Grafana and the exporters that the system does not have.",
      z.literal(true),
    ),
    scrapeInterval: duration.prefault("15s").describe("How often Prometheus scrapes."),
    retention: duration.prefault("15d").describe("How long Prometheus keeps samples."),
    alertWebhook: optional(
      "URL to which Alertmanager sends alerts. If it contains a token, set it with `pulumi config set --secret ragdock:alertWebhook` instead.",
      url,
    ),
  }),
  host: group("Size of the Docker host.", {
    memory: optional("Memory of the Docker host. By default the value that Docker reports.", size),
    cpus: optional("CPUs of the Docker host. By default Docker's own value.", z.int().min(1)),
  }),
  rotations: z
    .record(z.string(), integer(1, 1_000_000))
    .default({})
    .describe("Generation of each generated secret. By default 1. `make rotate` increases it."),
  lostVolumes: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      "Volumes whose lost data you accepted, with the time at which they were created. `make up CONFIRM=<stack>` writes it after a loss.",
    ),
  lostFiles: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      "Own applications whose files outside of volumes you allow to be lost once. The value is the time that the error names. This has no effect in `prod`.",
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
  openagendaKey: "rag-events: key of Open Agenda, with which `ragdock:openAgenda` reads events.",
  rebuildApiKey:
    "rag-events: the key that a client sends to rebuild the index over HTTP. Without this key, rebuilds are refused.",
  alertWebhook:
    "URL to which Alertmanager sends alerts. It takes precedence over `ragdock:monitoring.alertWebhook`.",
  postgresPassword: "Password of `ragdock:postgres.external.user`.",
  postgresAuthority:
    "Certificates of the authority that issued the certificate of `ragdock:postgres.external`, in PEM.",
  redisPassword: "Password of `ragdock:redis.external.user`.",
  redisAuthority:
    "Certificates of the authority that issued the certificate of `ragdock:redis.external`, in PEM.",
  signInClientSecret: "The secret of `ragdock:ingress.signIn.clientId`.",
  tlsCertificate: "The certificate for `ragdock:ingress.tls: files`, with its chain, in PEM.",
  tlsKey: "The private key of `tlsCertificate`, in PEM.",
} as const;

export type UserSecret = keyof typeof userSecrets;
