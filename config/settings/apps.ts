import { z } from "zod";
import { capabilities, ulimitNames } from "../spec/limits.ts";
import { buildArguments, container, entrypoint, words } from "./container.ts";
import { servedPath } from "./ingress.ts";
import {
  duration,
  integer,
  like,
  limits,
  name,
  optional,
  path,
  port,
  size,
  text,
  variables,
} from "./kinds.ts";

/** A path, or a host name. The name has a dot, so that a misspelled path is not taken for one. */
const appRoute = like(
  /^\/([a-zA-Z0-9][\w.~-]*\/)*$|^(?=.*[a-z])[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$/,
  "be a path that begins and ends with /, or a host name in lower case, such as /api/",
);

const ulimit = integer(-1, 1_000_000_000_000);

const build = z.strictObject({
  dockerfile: optional("Dockerfile in the folder, such as `docker/api.Dockerfile`.", name),
  target: optional("Stage of the Dockerfile that is built. By default the last stage.", name),
  args: optional(
    "Build arguments. No secrets: `docker history` shows them. Without a Dockerfile, `TORCH_BACKEND` is the only build argument.",
    buildArguments,
  ),
  python: optional(
    'Version of Python for a folder without a Dockerfile, such as `"3.12"`, with quotes. By default the version in .python-version, requires-python or runtime.txt, or else 3.13.',
    text,
  ),
  packages: optional(
    "Packages of Debian without a Dockerfile, such as `[ffmpeg, libpq-dev]`.",
    z.array(like(/^[a-z0-9][a-z0-9.+-]+$/, "be the name of a package of Debian, such as ffmpeg")).min(1),
  ),
});

/** The settings that both forms of an own application have. */
const common = {
  image: optional("Image to run.", name),
  module: optional(
    "Entry point, if the folder has no Dockerfile and more than one possible entry point: a module and its application, or a script of Streamlit or Gradio.",
    like(
      /^([\w.]+:\w+(\(\))?|[\w./-]+\.py)$/,
      "be a module and its application, or a script, such as main:app or pages.py",
    ),
  ),
  build: optional("How the image of the folder is built.", build),
  user: container.user,
  capabilities: optional(
    "Linux capabilities that it keeps, such as `[CHOWN, SETUID, SETGID]` for an image that starts as root and changes to another user. All other capabilities are dropped.",
    z.array(z.enum(capabilities)),
  ),
  metricsPath: optional(
    "Path of its Prometheus metrics, if it has any. The gateway does not forward it.",
    path,
  ),
  bodySize: optional("Largest request that the gateway passes to it. The smallest limit is 26MiB.", size),
  secrets: container.secrets,
  writable: optional(
    "Folders in memory that it may write to, and their sizes: `{ /srv/cache: 64MiB }`. They are empty at each start, and count towards its memory.",
    z.record(path, size),
  ),
  extraHosts: container.extraHosts,
  ulimits: optional(
    "Limits of its processes: `{ nofile: 65536 }`, or `{ nofile: { soft: 1024, hard: 65536 } }`. -1 is no limit.",
    z.partialRecord(
      z.enum(ulimitNames),
      z.union([ulimit, z.strictObject({ soft: ulimit, hard: ulimit })], {
        error: "must be a whole number, or { soft, hard }",
      }),
    ),
  ),
  ephemeral: optional(
    "Whether files that it writes outside of its volumes may be lost. Otherwise a deployment reports them, and refuses to replace or remove a container that has some.",
    z.boolean(),
  ),
  hostname: optional(
    "Host name inside its container. By default the id that Docker gives it.",
    like(
      /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i,
      "be a name of letters, digits and hyphens, such as web",
    ),
  ),
  workingDir: optional("Folder in which its program starts. By default the folder of the image.", path),
  labels: optional(
    "Labels of its container, for programs that watch Docker. Names that begin with `ragdock.` are reserved.",
    z.record(like(/^(?!ragdock\.)[\w./-]+$/, "be the name of a label, such as com.example.team"), z.string()),
  ),
};

/** The setting `app`: one application that answers all requests. */
export const app = z.strictObject({
  source: optional(
    "Folder that is built in place of the reference app. It has a Dockerfile, or a Python or Node application.",
    name,
  ),
  ...common,
  port: port.default(8000).describe("Port it listens on."),
  healthPath: path.default("/api/health").describe("Path that answers 2xx while it is alive."),
  startPeriod: optional(
    "How long it may take to start. Failures within this time do not count. By default `1m`.",
    duration,
  ),
});

const healthcheck = z.strictObject({
  path: optional(
    "Path that answers 2xx while it is alive. The image needs wget, curl or Python for it.",
    path,
  ),
  command: optional(
    "Command that ends with exit code 0 while it is alive, such as `[python, -m, app.check]`.",
    words,
  ),
  startPeriod: optional(
    "How long it may take to start. Failures within this time do not count. By default `1m`.",
    duration,
  ),
  interval: optional(
    "Time between two checks until it is healthy. By default `5s`. With `15s` or more and a `command`, the image needs no shell.",
    duration,
  ),
  timeout: optional("Longest time of a check. By default `5s`.", duration),
  retries: optional("Number of failures in a row that make it unhealthy. By default 3.", integer(1, 100)),
});

const volume = z.strictObject({
  name: like(
    /^[a-z][a-z0-9-]{0,29}$/,
    "be a name of at most 30 lower-case letters, digits and hyphens, such as uploads",
  ).describe("Name of the volume. Applications with the same name share it."),
  path: path.describe("Folder in the container. Its user must be able to write there."),
  shared: z
    .boolean()
    .default(false)
    .describe(
      "Whether several containers may write to it at once. If not, a new revision starts after the old one has stopped, and there are no replicas.",
    ),
});

/** The settings of one application of `apps`. */
export const ownApp = z.strictObject({
  source: optional(
    "Folder with a Dockerfile, or with a Python or Node application. Applications with the same folder and the same `build` share one image.",
    name,
  ),
  ...common,
  entrypoint,
  command: optional(
    "Command that it runs, such as `[celery, -A, tasks, worker]`. By default the command of the image.",
    words,
  ),
  port: optional(
    "Port that it listens on. Applications that need it reach it under its name. Without a port it is a worker.",
    port,
  ),
  route: optional(
    "Path whose requests the gateway passes to it, such as `/` or `/api/`. The application gets the whole path. Or a host name, such as `admin.rag.example.org`, whose paths all belong to it. Without a route only other applications reach it.",
    appRoute,
  ),
  routes: optional("More paths, and the port for each: `{ /admin/: 9000 }`.", z.record(servedPath, port)),
  healthcheck: optional(
    "How Docker checks it. By default, its port must listen, or a worker must run for 10 s.",
    healthcheck,
  ),
  volumes: optional("Folders whose files are kept in volumes. Backups contain them.", z.array(volume)),
  env: optional("Environment variables. No secrets: `docker inspect` shows them.", variables),
  envFile: optional(
    "File with more variables, as `NAME=value` in each line. `env` takes precedence. No secrets.",
    name,
  ),
  needs: optional(
    "Services that it calls and waits for: `postgres`, `redis`, `chroma`, or other own applications. The stack runs `minio`, `mysql`, `opensearch`, `clickhouse` and `qdrant` only if an application needs them. The application gets the logins of these stores only.",
    z.array(name),
  ),
  job: optional(
    "Whether it runs once and ends, at the first deployment and after each change of its image or settings. Applications that need it start after its success.",
    z.boolean(),
  ),
  replicas: optional("Number of containers. `services.<name>.replicas` takes precedence.", integer(1, 32)),
  limits: optional("Limits of its container. `services.<name>.limits` takes precedence.", limits),
  databaseConnections: optional(
    "Largest number of connections to PostgreSQL that one container opens. By default 5. Ragdock checks that the sum stays below the limit of the server.",
    integer(1, 1000),
  ),
  timeout: optional(
    "How long the gateway waits for the next byte of its answer. By default `600s`.",
    duration,
  ),
  migrate: optional(
    "Command that runs once before it, such as `[alembic, upgrade, head]`. All applications with this image wait until it has succeeded.",
    words,
  ),
});

const appName = like(
  /^(?=.{1,20}$)[a-z]([a-z0-9-]*[a-z0-9])?$/,
  "be a name of at most 20 lower-case letters, digits and hyphens, such as web",
);

/** The setting `apps`: own applications by name. */
export const apps = z
  .record(appName, ownApp)
  .default({})
  .describe("Your own applications, such as a web application and its worker, instead of the reference app.");

export type AppSettings = z.output<typeof app>;
export type OwnAppSettings = z.output<typeof ownApp>;
