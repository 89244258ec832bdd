import { describe, expect, it } from "vitest";
import { classify, type Line } from "../../../../cli/import/classify.ts";
import { projectOf } from "./project.ts";

const stores = `
  db: {image: "pgvector/pgvector:pg17"}
  queue: {image: "redis:8"}
`;

/** The lines of the service `api`, which has these keys, by key. */
function linesOf(keys: string, files: Record<string, string> = {}): Map<string, Line> {
  const project = projectOf({ "compose.yaml": `services:\n  api: ${keys}${stores}`, ...files });
  const lines = classify(project).services.find(({ name }) => name === "api")?.lines ?? [];
  return new Map(lines.map((line) => [line.key, line]));
}

const notData = "It serves another folder than /data, or another port than 9000.";

describe("what a service is", () => {
  it.each([
    ["{build: .}", { kind: "application" }],
    ["{build: ., image: redis}", { kind: "application" }],
    ["{image: ghcr.io/example/papers}", { kind: "application" }],
    ["{image: docker.io/library/postgres:17}", { kind: "store", store: "postgres" }],
    ["{image: localhost:5000/pgvector/pgvector@sha256:1}", { kind: "store", store: "postgres" }],
    ["{image: redis}", { kind: "store", store: "redis" }],
    ["{image: chromadb/chroma:1.5.9}", { kind: "store", store: "chroma" }],
    ["{image: grafana/grafana}", { kind: "console", name: "Grafana" }],
    ["{image: quay.io/minio/minio}", { kind: "foreign", name: "MinIO", why: notData }],
    ["{image: qdrant/qdrant}", { kind: "foreign", name: "Qdrant", why: "No application calls it." }],
    ["{image: mongo:8}", { kind: "foreign", name: "mongo" }],
    ["{image: constructor}", { kind: "foreign", name: "constructor" }],
  ])("%s", (keys, kind) => {
    const { services } = classify(projectOf({ "compose.yaml": `services: {one: ${keys}}` }));
    expect(services[0]?.kind).toEqual(kind);
  });
});

describe("what becomes of a key of an application", () => {
  it.each([
    ["{image: a/b:1.2}", "image", "taken"],
    ["{image: a/b@sha256:1}", "image", "taken"],
    ["{image: localhost:5000/a}", "image", "improved"],
    ["{image: a/b:latest}", "image", "improved"],
    ['{ports: ["80:80"]}', "ports[0]", "improved"],
    ['{ports: ["127.0.0.1:80:80"]}', "ports[0]", "taken"],
    ['{ports: ["80"]}', "ports[0]", "improved"],
    ['{ports: ["53:53/udp"]}', "ports[0]", "unsupported"],
    ['{ports: ["80-90:80-90"]}', "ports[0]", "unsupported"],
    ["{ports: [{target: 80, published: 80, odd: 1}]}", "ports[0].odd", "unsupported"],
    ["{environment: {LOG_LEVEL: info}}", "environment.LOG_LEVEL", "taken"],
    ["{environment: {MAX_TOKENS: 5, PGADMIN_DEFAULT_PASSWORD: a}}", "environment.MAX_TOKENS", "taken"],
    ["{environment: {PGADMIN_DEFAULT_PASSWORD: a}}", "environment.PGADMIN_DEFAULT_PASSWORD", "improved"],
    ["{environment: {OPENAI_API_KEY: a}}", "environment.OPENAI_API_KEY", "improved"],
    ["{environment: {URL: 'postgres://u:p@other/x'}}", "environment.URL", "improved"],
    ["{environment: {URL: 'postgresql+asyncpg://u:p@db:5432/x'}}", "environment.URL", "improved"],
    ["{environment: {BROKER: 'redis://:p@queue/0'}}", "environment.BROKER", "improved"],
    ["{environment: {POSTGRES_PASSWORD: p}}", "environment.POSTGRES_PASSWORD", "improved"],
    ["{env_file: missing.env}", "env_file[0]", "unsupported"],
    ["{env_file: [{path: missing.env, required: false}]}", "env_file[0]", "taken"],
    ["{working_dir: /srv/app}", "working_dir", "taken"],
    ["{working_dir: app}", "working_dir", "unsupported"],
    ["{labels: {com.example.team: search}}", "labels.com.example.team", "taken"],
    ["{labels: {traefik.enable: 'true'}}", "labels.traefik.enable", "improved"],
    ["{labels: {ragdock.service: web}}", "labels.ragdock.service", "unsupported"],
    ["{volumes: ['data:/data']}", "volumes[0]", "taken"],
    ["{volumes: [/data]}", "volumes[0]", "improved"],
    ["{volumes: ['./src:/src']}", "volumes[0]", "improved"],
    ["{volumes: ['/var/run/docker.sock:/s']}", "volumes[0]", "unsupported"],
    ["{depends_on: [db]}", "depends_on.db", "improved"],
    ["{depends_on: {db: {condition: service_healthy}}}", "depends_on.db", "taken"],
    ["{depends_on: [lost]}", "depends_on.lost", "unsupported"],
    ["{healthcheck: {test: 'true', start_interval: 1s}}", "healthcheck.test", "taken"],
    ["{healthcheck: {test: 'true', start_interval: 1s}}", "healthcheck.start_interval", "unsupported"],
    ["{healthcheck: {test: [NONE]}}", "healthcheck.test", "unsupported"],
    ["{restart: 'no'}", "restart", "improved"],
    ["{restart: always}", "restart", "taken"],
    ["{cap_add: [SYS_ADMIN]}", "cap_add[0]", "unsupported"],
    ["{cap_add: [CAP_CHOWN]}", "cap_add[0]", "taken"],
    ["{deploy: {resources: {limits: {memory: 1g, pids: 5}}}}", "deploy.resources.limits.memory", "taken"],
    ["{deploy: {resources: {limits: {memory: 1g, pids: 5}}}}", "deploy.resources.limits.pids", "unsupported"],
    ["{privileged: true}", "privileged", "unsupported"],
    ["{surprise: 1}", "surprise", "unsupported"],
    ["{environment: {}}", "environment", "taken"],
    ["{}", "service", "unsupported"],
  ])("%s: %s is %s", (keys, key, outcome) => {
    expect(linesOf(keys).get(key)?.outcome).toBe(outcome);
  });

  it("names the store whose password a variable gets", () => {
    const lines = linesOf("{environment: {DATABASE_URL: 'postgres://u:p@db/x'}}");
    expect(lines.get("environment.DATABASE_URL")?.text).toContain("a secret of db");
  });

  it("has one line for each key of a proxy, which the ingress replaces", () => {
    const lines = linesOf("{image: traefik:3, command: --x, ports: ['80:80']}");
    expect([...lines.values()].map(({ outcome, text }) => [outcome, text])).toEqual(
      Array.from({ length: 3 }, () => ["improved", "The ingress of the stack takes the place of traefik."]),
    );
  });

  it("takes the variables of the example of an environment file that does not exist", () => {
    const lines = linesOf("{env_file: .env.local}", { ".env.local.example": "LOG_LEVEL=info\n" });
    expect(lines.get("env_file[0]")).toMatchObject({
      outcome: "improved",
      text: "The file does not exist. The variables of .env.local.example are used instead.",
    });
    expect(lines.get("environment.LOG_LEVEL")?.outcome).toBe("taken");
  });

  it("turns a mounted file into a file of the settings", () => {
    const lines = linesOf("{volumes: ['./app.ini:/etc/app.ini:ro']}", { "app.ini": "a" });
    expect(lines.get("volumes[0]")?.text).toContain("becomes a file of the settings at /etc/app.ini");
  });
});

describe("what becomes of a key of a store", () => {
  it.each([
    ["image: 'postgres:16'", "image", "improved"],
    ["environment: {POSTGRES_PASSWORD: a}", "environment.POSTGRES_PASSWORD", "improved"],
    ["environment: {PGUSER: a}", "environment.PGUSER", "improved"],
    ["environment: {POSTGRES_HOST: a}", "environment.POSTGRES_HOST", "taken"],
    ["environment: {POSTGRES_INITDB_ARGS: a}", "environment.POSTGRES_INITDB_ARGS", "unsupported"],
    ["command: postgres -c shared_buffers=1GB", "command", "improved"],
    ["command: postgres -c log_statement=all", "command", "unsupported"],
    ["volumes: ['pg:/var/lib/postgresql/data']", "volumes[0]", "improved"],
    ["volumes: ['./init:/docker-entrypoint-initdb.d']", "volumes[0]", "unsupported"],
    ["ports: ['5432:5432']", "ports[0]", "improved"],
    ["healthcheck: {test: pg_isready}", "healthcheck.test", "improved"],
  ])("%s: %s is %s", (keys, key, outcome) => {
    const image = keys.startsWith("image") ? "" : "image: postgres, ";
    expect(linesOf(`{${image}${keys}}`).get(key)?.outcome).toBe(outcome);
  });

  it("proposes no health check and no limits, because Ragdock's store has both", () => {
    expect([...linesOf("{image: postgres}").keys()]).toEqual(["image"]);
  });
});

describe("what a service lacks", () => {
  it("is proposed", () => {
    const lines = linesOf("{image: 'a/b:1', ports: ['80:8000']}");
    expect(lines.get("healthcheck")).toMatchObject({
      outcome: "improved",
      keys: [],
      text: "The service has no health check. Proposed: a check that a program listens on port 8000. A check of a path that answers 2xx is better.",
    });
    expect(lines.get("limits")?.outcome).toBe("improved");
  });

  it("is proposed only if it does not exist", () => {
    const lines = linesOf("{image: 'a/b:1', mem_limit: 1g, healthcheck: {test: 'true'}}");
    expect([...lines.keys()]).toEqual(["image", "mem_limit", "healthcheck.test"]);
  });
});
