/**
 * Compares Compose files with what `make compose` writes for the stack that the import creates from
 * them: services, images, ports, volumes and variables. The test starts neither of them.
 */
import { expect, it } from "vitest";
import { parse } from "yaml";
import { composeConfigs, composeFile } from "../../../../cli/compose.ts";
import { resolveSystem } from "../../../../config/resolve.ts";
import { readSettings } from "../../../../config/settings/read.ts";
import { readStackText } from "../../../../config/settings/stack-text.ts";
import { type ImageSource, imageName } from "../../../../config/spec/image.ts";
import { facts } from "../../../support/program.ts";
import { rag, type Written, written } from "./written.ts";

interface Exported {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly { source: string; target: string; type: string }[];
  readonly ports?: readonly { published: string }[];
  readonly depends_on: Readonly<Record<string, { condition: string }>>;
  readonly configs: readonly { source: string; target: string }[];
  readonly ulimits?: unknown;
  readonly extra_hosts?: readonly string[];
}

/** What `make compose` writes for a stack: its services, and the files of each by path. */
function exported(stack: Written) {
  const { values } = readStackText(stack.text, "Pulumi.test.yaml", "ragdock");
  const system = resolveSystem(readSettings(values, "ragdock"), { ...facts, secrets: new Set(stack.asked) });
  const file = composeFile(system, {
    project: "ragdock-test",
    image: (source: ImageSource) => ({
      name: source.from === "reference" ? source.reference : imageName(source),
      local: source.from === "build",
    }),
    hostPath: (path) => path,
    // If the settings have no command line, the test sets one, as Docker would report it for the
    // image.
    programs: Object.fromEntries(
      system.services.map(({ name, entrypoint = [], command = [] }) => [name, [...entrypoint, ...command]]),
    ),
  });
  const secrets = Object.fromEntries(Object.keys(system.secrets).map((name) => [name, `<${name}>`]));
  const contents = composeConfigs(system, secrets);
  const services = file.services as unknown as Record<string, Exported>;
  return {
    services,
    own: Object.keys(services).filter((name) => name in stack.apps),
    /** The variables that an application gets: plain ones, and those of its secret files. */
    variables: (name: string): Record<string, string | undefined> => ({
      ...services[name]?.environment,
      ...Object.fromEntries(
        (services[name]?.configs ?? [])
          .filter(({ target }) => target.startsWith("/run/secrets/"))
          .map(({ source, target }) => [target.replace("/run/secrets/", ""), contents[`files/${source}`]]),
      ),
    }),
  };
}

it("a RAG service with a worker, a migration and stores", () => {
  const stack = written(rag.compose, rag.files);
  const { services, own, variables } = exported(stack);
  const { services: given } = parse(rag.compose) as { services: Record<string, Record<string, unknown>> };
  expect(own.sort()).toEqual(["migrated", "qdrant-db", "web", "worker"]);
  expect(Object.keys(services)).toEqual(expect.arrayContaining(["postgres", "redis", "web-migrate"]));
  // Each service of the file is an application, a store or the migration.
  expect(Object.keys(given)).toHaveLength(own.length + 3);
  expect(services["qdrant-db"]?.image).toBe("qdrant/qdrant:v1.12");
  expect(services.web?.image).toBe(services.worker?.image);
  expect(services.web?.image).toBe(services["web-migrate"]?.image);
  expect(services["web-migrate"]?.command?.slice(-3)).toEqual(["alembic", "upgrade", "head"]);
  expect(services.ingress?.ports?.map(({ published }) => published)).toEqual(["8000"]);
  for (const name of ["postgres", "redis", ...own]) expect(services[name]).not.toHaveProperty("ports");
  const uploads = expect.objectContaining({ type: "volume", source: "uploads", target: "/srv/uploads" });
  expect(services.web?.volumes).toContainEqual(uploads);
  expect(services.worker?.volumes).toContainEqual(uploads);
  expect(services.web?.depends_on).toMatchObject({
    postgres: { condition: "service_healthy" },
    "web-migrate": { condition: "service_completed_successfully" },
  });
  const names = Object.keys(given.web?.environment ?? {});
  expect(Object.keys(variables("web"))).toEqual(expect.arrayContaining(names));
  expect(variables("web")).toMatchObject({
    DATABASE_URL: "postgresql+asyncpg://<postgres-user>:<postgres-password>@postgres:5432/rag?ssl=disable",
    REDIS_URL: "redis://<redis-user>:<redis-password>@redis:6379/1",
    JWT_SECRET: "<JWT_SECRET>",
    QDRANT_URL: "http://qdrant-db:6333",
    VECTOR_STORE: "qdrant",
  });
  expect(variables("worker")).toMatchObject({
    POSTGRES_HOST: "postgres",
    POSTGRES_USER: "<postgres-user>",
    POSTGRES_PASSWORD: "<postgres-password>",
    POSTGRES_DB: "rag",
  });
  // No variable that docker inspect shows contains a secret.
  for (const name of own) expect(JSON.stringify(services[name]?.environment)).not.toContain("<");
});

it("an image with limits of the kernel, hosts, a folder in memory and a folder for data", () => {
  const stack = written(`services:
  chat:
    image: example/chat:2
    ports: ["127.0.0.1:3001:8080"]
    environment: [MODE=small, "API=http://host.docker.internal:9/"]
    extra_hosts: ["host.docker.internal:host-gateway"]
    ulimits: {nofile: 1000}
    tmpfs: /scratch
    command: serve --all
    volumes: ["./storage:/data"]
`);
  const { services, variables } = exported(stack);
  expect(services.chat).toMatchObject({
    image: "example/chat:2",
    command: ["serve", "--all"],
    ulimits: { nofile: { soft: 1000, hard: 1000 } },
    extra_hosts: ["host.docker.internal:host-gateway"],
    volumes: [
      { type: "volume", source: "chat-storage", target: "/data" },
      { type: "tmpfs", target: "/scratch" },
    ],
  });
  expect(variables("chat")).toMatchObject({ MODE: "small", API: "http://host.docker.internal:9/" });
  expect(services.ingress?.ports?.map(({ published }) => published)).toEqual(["3001"]);
});

it("two images that share a secret", () => {
  const stack = written(`services:
  web: {image: "a/web:1", ports: ["80:80"], environment: {ES_PASSWORD: hunter22, ES: "http://search:9200"}}
  search: {image: "elasticsearch:9.1.0", environment: {ELASTIC_PASSWORD: hunter22, discovery.type: single-node}}
`);
  const { services, own, variables } = exported(stack);
  expect(own.sort()).toEqual(["search", "web"]);
  expect(variables("web").ES_PASSWORD).toBe(variables("search").ELASTIC_PASSWORD);
  // The shell that exports the password removes variables with a dot.
  expect(services.search?.command?.slice(-6)).toEqual([
    "env",
    "discovery.type=single-node",
    "/bin/tini",
    "--",
    "/usr/local/bin/docker-entrypoint.sh",
    "eswrapper",
  ]);
  expect(services.search?.volumes).toMatchObject([{ target: "/usr/share/elasticsearch/data" }]);
});
