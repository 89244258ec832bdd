/** Tests stores outside of the stack. tests/slow/external.test.ts proves that applications use one. */
import { describe, expect, it } from "vitest";
import { fill, shown } from "../../../config/spec/content.ts";
import { callsHost } from "../../../config/spec/host-gateway.ts";
import type { ServiceSpec } from "../../../config/spec/service.ts";
import { systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const secrets = new Set(["postgresPassword", "postgresAuthority", "redisPassword", "redisAuthority"]);
const postgres = { external: { host: "db.example.org", port: 6432, database: "library", user: "app" } };
const redis = { external: { host: "cache.example.org" } };
const chroma = { external: { host: "vectors.example.org", port: 443 } };

const servicesOf = (raw: Record<string, unknown>): ReadonlyMap<string, ServiceSpec> =>
  new Map(systemWith(raw, { secrets }).services.map((service) => [service.name, service]));

const pathsOf = (service: ServiceSpec | undefined): string[] =>
  (service?.files ?? []).map(({ path }) => path);

describe("a PostgreSQL outside of the stack", () => {
  const services = servicesOf({ postgres });

  it("takes the place of the server, of its roles and of its volume", () => {
    expect([...services.keys()]).not.toContain("postgres");
    expect([...services.keys()]).not.toContain("postgres-credentials");
    expect(
      [...services.values()].flatMap(({ volumes }) => volumes.map(({ volume }) => volume)),
    ).not.toContain("postgres-data");
    const { secrets: all } = systemWith({ postgres }, { secrets });
    expect(all["postgres-password"]).toEqual({ from: "config", key: "postgresPassword" });
    expect(Object.keys(all)).not.toContain("postgres-admin-password");
  });

  it.each(["migrate", "api", "worker", "postgres-exporter"])("is what %s connects to", (name) => {
    const service = services.get(name);
    expect(service?.dependsOn).toContain("postgres-check");
    expect(service?.dependsOn).not.toContain("postgres");
    expect(service?.networks).toContain("outside");
    expect(pathsOf(service)).toEqual(
      expect.arrayContaining(["/run/secrets/postgres-password", "/run/secrets/postgres-authority"]),
    );
  });

  it("is in the settings of its clients, and its password in none of them", () => {
    expect(services.get("api")?.environment).toMatchObject({
      RAG_DATABASE_HOST: "db.example.org",
      RAG_DATABASE_PORT: "6432",
      RAG_DATABASE_NAME: "library",
      RAG_DATABASE_USER: "app",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: "/run/secrets/postgres-authority",
    });
    expect(services.get("postgres-exporter")?.environment.DATA_SOURCE_URI).toBe(
      "db.example.org:6432/library?sslmode=verify-full&sslrootcert=/run/secrets/postgres-authority",
    );
  });

  it("is checked by one job, and nothing else changes", () => {
    expect(services.get("postgres-check")).toMatchObject({
      kind: "job",
      networks: ["outside"],
      environment: { PGHOST: "db.example.org", EXTENSIONS: "vector" },
    });
  });

  it("gives no route out to services that do not call it", () => {
    const inside = servicesOf({});
    const out = (all: ReadonlyMap<string, ServiceSpec>): string[] =>
      [...all.values()].filter(({ networks }) => networks.includes("outside")).map(({ name }) => name);
    const clients = ["api", "blackbox-exporter", "migrate", "postgres-check", "postgres-exporter", "worker"];
    expect(out(services).sort()).toEqual([...out(inside), ...clients].sort());
  });

  it("is watched by its exporter and from outside", () => {
    const files =
      services
        .get("prometheus")
        ?.files.map(({ content }) => shown(content))
        .join("\n") ?? "";
    expect(files).toContain("db.example.org:6432");
    expect(files).toContain("PostgresDown");
    expect(files).toContain("ragdock:postgres.external names it");
    expect(files).toContain("max(pg_settings_max_connections)");
  });

  it("on the Docker host is found by its clients and by the blackbox exporter", () => {
    const host = "host.docker.internal";
    const here = servicesOf({ postgres: { external: { ...postgres.external, host } } });
    expect(here.get("blackbox-exporter")?.extraHosts).toEqual({ [host]: "host-gateway" });
    for (const name of ["api", "postgres-check", "postgres-exporter"])
      expect(callsHost(here.get(name) as ServiceSpec)).toBe(true);
    expect(services.get("blackbox-exporter")?.extraHosts).toBeUndefined();
  });

  it.each([
    ["myrag", "fastapi", { POSTGRES_HOST: "db.example.org", POSTGRES_DB: "library", POSTGRES_USER: "app" }],
    ["mnemolite", "api", { DATABASE_HOST: "db.example.org", DATABASE_NAME: "library", DATABASE_USER: "app" }],
  ])("works in %s, too", (system, client, environment) => {
    const found = servicesOf({ system, postgres }).get(client);
    expect(found?.environment).toMatchObject(environment);
    expect(found?.networks).toContain("outside");
  });

  it("is what an application of the user can need", () => {
    const apps = { books: { image: "example/app:1", port: 8000, route: "/", needs: ["postgres"] } };
    const api = servicesOf({ apps, postgres }).get("books");
    expect(api?.environment.RAG_DATABASE_HOST).toBe("db.example.org");
    expect(api?.dependsOn).toContain("postgres-check");
  });
});

describe("a Redis outside of the stack", () => {
  it("takes the place of the server in m31, with TLS", () => {
    const services = servicesOf({ system: "m31", redis });
    expect([...services.keys()]).not.toContain("redis");
    expect(services.get("web")?.environment).toMatchObject({
      REDIS_HOST: "cache.example.org",
      REDIS_PORT: "6379",
      REDIS_USER: "default",
      REDIS_TLS: "verify-full",
      REDIS_TLS_AUTHORITY: "/run/secrets/redis-authority",
    });
    const exporter = services.get("redis-exporter");
    expect(exporter?.environment).toMatchObject({
      REDIS_ADDR: "rediss://cache.example.org:6379",
      REDIS_EXPORTER_TLS_CA_CERT_FILE: "/run/secrets/redis-authority",
    });
    expect(exporter?.files.map(({ content }) => shown(content)).join()).toContain(
      '{"rediss://default@cache.example.org:6379": "',
    );
  });

  it("can have a password of any characters", () => {
    const file = servicesOf({ system: "m31", redis })
      .get("redis-exporter")
      ?.files.find(({ path }) => path.endsWith(".json"));
    const text = fill(file?.content ?? "", { secret: () => 'a b:"\\c', revision: (name) => name });
    expect(Object.values(JSON.parse(text))).toEqual(['a b:"\\c']);
  });

  it("is not encrypted if the settings say so", () => {
    const open = { external: { host: "10.0.0.5", tls: "disable" } };
    const { environment, files } = servicesOf({ system: "m31", redis: open }).get("web") as ServiceSpec;
    expect(environment).not.toHaveProperty("REDIS_TLS");
    expect(files.map(({ path }) => path)).not.toContain("/run/secrets/redis-authority");
  });
});

describe("a Chroma outside of the stack", () => {
  it("takes the place of the server", () => {
    const services = servicesOf({ vectorStore: "chroma", chroma });
    expect([...services.keys()]).not.toContain("chroma");
    expect(services.get("api")?.environment).toMatchObject({
      RAG_CHROMA_HOST: "vectors.example.org",
      RAG_CHROMA_PORT: "443",
      RAG_CHROMA_TLS: "true",
    });
    expect(services.get("api")?.dependsOn).toContain("chroma-check");
    const files =
      services
        .get("prometheus")
        ?.files.map(({ content }) => shown(content))
        .join() ?? "";
    expect(files).toContain("https://vectors.example.org:443/api/v2/heartbeat");
  });

  it("is the address in mnemolite", () => {
    const open = { external: { host: "10.0.0.5", tls: "disable" } };
    expect(servicesOf({ system: "mnemolite", chroma: open }).get("api")?.environment.CHROMA_URL).toBe(
      "http://10.0.0.5:8000",
    );
  });
});

describe("the settings of a store outside of the stack", () => {
  it("need the password and the authority as secrets", () => {
    expect(problems({ postgres }).map(({ path }) => path)).toEqual([
      "ragdock:postgresPassword",
      "ragdock:postgresAuthority",
    ]);
    const open = { external: { ...postgres.external, tls: "require" } };
    expect(problems({ postgres: open })).toMatchObject([
      {
        path: "ragdock:postgresPassword",
        fix: expect.stringContaining("pulumi config set --secret ragdock:postgresPassword"),
      },
    ]);
  });

  it("take the place of the settings for the names of the database", () => {
    const both = { ...postgres, database: "other" };
    expect(problems({ postgres: both }, { secrets })).toMatchObject([{ path: "ragdock:postgres.database" }]);
  });

  it.each([
    ["redis", { system: "myrag", redis }],
    ["postgres", { system: "m31", postgres }],
    ["chroma", { chroma }],
  ])("are refused where the system has no %s", (key, raw) => {
    expect(problems(raw, { secrets })).toMatchObject([{ path: `ragdock:${key}` }]);
  });

  it.each([["rotate"], ["upgrade"], ["everything"]])("do not let Ragdock %s", (action) => {
    const allow = { external: { ...postgres.external, allow: ["backup", action] } };
    const [found] = problems({ postgres: allow }, { secrets });
    expect(found).toMatchObject({
      path: "ragdock:postgres.external.allow[1]",
      problem: "must be backup or restore: the operator of a server upgrades it and changes its passwords",
    });
  });

  it("allow a restore only together with a backup", () => {
    const allow = (...actions: string[]) => ({
      postgres: { external: { ...postgres.external, allow: actions } },
    });
    expect(problems(allow("restore"), { secrets })).toMatchObject([
      { path: "ragdock:postgres.external.allow", problem: "a restore first backs up what is there" },
    ]);
    expect(problems(allow("restore", "backup"), { secrets })).toEqual([]);
  });

  it.each([
    ["host", { ...redis.external, host: "redis://cache" }],
    ["tls", { ...redis.external, tls: "verify-ca" }],
    ["user", { ...redis.external, user: "two words" }],
  ])("refuse a wrong %s", (key, external) => {
    expect(problems({ system: "m31", redis: { external } }, { secrets })).toMatchObject([
      { path: `ragdock:redis.external.${key}` },
    ]);
  });
});
