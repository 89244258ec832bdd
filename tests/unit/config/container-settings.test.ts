/**
 * Tests the settings of a container that own applications and services of a system have in common.
 * tests/systems proves some of them on Docker.
 */
import { describe, expect, it } from "vitest";
import { type Content, fill } from "../../../config/spec/content.ts";
import {
  type LongRunning,
  longRunning,
  publishedPorts,
  type ServiceSpec,
} from "../../../config/spec/service.ts";
import { systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

type Raw = Record<string, unknown>;

const named = (raw: Raw, name: string): ServiceSpec => {
  const found = systemWith(raw).services.find((s) => s.name === name);
  if (!found) throw new Error(`no service ${name}`);
  return found;
};
const myrag = (services: Raw, more: Raw = {}): Raw => ({ system: "myrag", services, ...more });
const textOf = (content: Content): string =>
  fill(content, { secret: ({ name }) => `<${name}>`, revision: (name) => name });
const pathsAndReasons = (raw: Raw) =>
  problems(raw).map(({ path, problem }) => `${path.replace("ragdock:services.", "")}: ${problem}`);

describe("the port of an application behind the gateway", () => {
  it("opens on loopback in dev, next to the ingress", () => {
    const { services, urls } = systemWith(myrag({ streamlit: { port: 8501 }, fastapi: { port: 18_000 } }));
    const published = longRunning(services).flatMap((s) =>
      publishedPorts(s).map((p) => [s.name, p.container, p.host, p.exposure]),
    );
    expect(published).toEqual(
      expect.arrayContaining([
        ["fastapi", 8000, 18_000, "loopback"],
        ["streamlit", 8501, 8501, "loopback"],
        ["ingress", 8080, 80, "loopback"],
      ]),
    );
    expect(urls).toMatchObject({ streamlit: "http://localhost:8501", fastapi: "http://localhost:18000" });
    expect(services.find((s) => s.name === "streamlit")?.networks).toEqual(["app", "outside"]);
  });

  it("is the container's port if the setting has no number", () => {
    const { ports } = named(myrag({ streamlit: { exposure: "loopback" } }), "streamlit") as LongRunning;
    expect(ports).toEqual([{ container: 8501, host: 8501, exposure: "loopback" }]);
  });

  it("stays closed where it would bypass the ingress", () => {
    const prod = { environment: "prod" };
    const signIn = { ingress: { signIn: { users: true } } };
    const open = { fastapi: { port: 8000 } };
    expect(pathsAndReasons(myrag(open, prod))).toEqual([
      "fastapi.port: in prod, fastapi is reached through the ingress only",
    ]);
    expect(pathsAndReasons(myrag(open, signIn))).toEqual([
      "fastapi.port: requests to this port would bypass the sign-in of the gateway",
    ]);
    expect(pathsAndReasons(myrag({ fastapi: { port: 8000, exposure: "public" } }))).toEqual([
      "fastapi.exposure: only the ingress is public; fastapi can be on loopback",
    ]);
    expect(pathsAndReasons(myrag({ "postgres-exporter": { exposure: "loopback" } }))).toEqual([]);
    expect(problems({ services: { "redis-exporter": { port: 9121 } } })[0]?.problem).toContain(
      "inside its networks",
    );
  });
});

describe("aliases", () => {
  it("are added to those of the system, and not to the job that watches a revision", () => {
    const raw = myrag({ fastapi: { aliases: ["rag-api"], soak: "5s" }, pgvector: { aliases: ["rag_db"] } });
    expect(named(raw, "fastapi").aliases).toEqual(["rag-api"]);
    expect(named(raw, "pgvector").aliases).toEqual(["rag_db"]);
    expect(named(raw, "fastapi-soak").aliases).toBeUndefined();
    const mnemolite = { system: "mnemolite", services: { db: { aliases: ["store"] } } };
    expect(named(mnemolite, "db").aliases).toEqual(["database", "mnemo-postgres", "store"]);
  });

  it("may not be the name of another service", () => {
    expect(
      pathsAndReasons(
        myrag({
          fastapi: { aliases: ["streamlit"] },
          nginx: { aliases: ["a"] },
          pgvector: { aliases: ["a"] },
        }),
      ),
    ).toEqual([
      "pgvector.aliases[0]: nginx already has this name",
      "fastapi.aliases[0]: streamlit already has this name",
      "nginx.aliases[0]: pgvector already has this name",
    ]);
    expect(problems(myrag({ fastapi: { aliases: ["localhost"] } }))).toHaveLength(1);
    expect(pathsAndReasons(myrag({ "pgvector-credentials": { aliases: ["a"] } }))).toEqual([
      "pgvector-credentials.aliases: pgvector-credentials is a job, which runs once",
    ]);
  });
});

describe("build arguments", () => {
  it("reach the image and all services that use it", () => {
    const args = { BUILD_PACKAGES: "gcc libxml2-dev" };
    expect(named(myrag({ fastapi: { build: { args } } }), "fastapi").image).toMatchObject({ args });
    const worker = { system: "mnemolite", services: { worker: { build: { args } } } };
    for (const name of ["setup", "api", "worker"]) expect(named(worker, name).image).toMatchObject({ args });
  });

  it("are those that the Dockerfile declares, once for each image", () => {
    expect(pathsAndReasons(myrag({ fastapi: { build: { args: { PACKAGES: "gcc" } } } }))).toEqual([
      "fastapi.build.args.PACKAGES: systems/myrag/api/Dockerfile declares BUILD_PACKAGES",
    ]);
    const services = Object.fromEntries(
      ["api", "worker"].map((name) => [name, { build: { args: { BUILD_PACKAGES: `for-${name}` } } }]),
    );
    expect(pathsAndReasons({ system: "mnemolite", services })).toEqual([
      'worker.build.args.BUILD_PACKAGES: another service sets it to "for-api", and both use the image mnemolite',
    ]);
  });
});

describe("user, entrypoint and extra hosts", () => {
  it("reach an application of a system", () => {
    const web = {
      user: "1234:1235",
      entrypoint: ["tini", "--"],
      extraHosts: { "db.example.org": "10.0.0.5" },
    };
    const spec = named({ system: "m31", services: { web } }, "web");
    expect(spec).toMatchObject({ ...web, command: ["--serve"] });
    expect(spec.networks).toContain("outside");
  });

  it("are refused for stores, and for own applications, which have their own settings for them", () => {
    expect(pathsAndReasons(myrag({ pgvector: { user: "1:1" } }))).toEqual([
      "pgvector.user: only applications with a Dockerfile have this setting, and pgvector is not one",
    ]);
    const apps = { web: { image: "mine:1", port: 8000, route: "/" } };
    expect(pathsAndReasons({ apps, services: { web: { user: "1:1" } } })).toEqual([
      "web.user: set this in apps.web",
    ]);
  });
});

describe("variables with secrets", () => {
  const url = "postgresql://{{secret:db-user}}:{{secret:db-password}}@db:5432/mnemolite";
  const raw = {
    system: "mnemolite",
    services: { api: { secrets: { DATABASE_URL: url, SESSION_KEY: "generate" } } },
  };

  it("give a service the variables of its original through the start script", () => {
    const api = named(raw, "api");
    expect(api.startScript).toBe("/run/ragdock/start");
    const files = Object.fromEntries(api.files.map(({ path, content }) => [path, textOf(content)]));
    expect(files["/run/secrets/DATABASE_URL"]).toBe("postgresql://<db-user>:<db-password>@db:5432/mnemolite");
    expect(files["/run/secrets/SESSION_KEY"]).toBe("<SESSION_KEY>");
    expect(files["/run/ragdock/start"]).toContain("load DATABASE_URL\nload SESSION_KEY\nexec");
    expect(JSON.stringify(api.environment)).not.toContain("SESSION_KEY");
    expect(systemWith(raw).secrets.SESSION_KEY).toMatchObject({ from: "generated", kept: true });
    expect(named(raw, "worker").startScript).toBeUndefined();
  });

  it("are requested and checked like those of own applications", () => {
    const asked = { system: "m31", services: { web: { secrets: { TOKEN: "ask" } } } };
    expect(problems(asked)).toMatchObject([
      { path: "ragdock:services.web.secrets.TOKEN", problem: "ragdock:TOKEN is not set" },
    ]);
    expect(problems(asked, { secrets: new Set(["TOKEN"]) })).toEqual([]);
    const wrong = (secrets: Raw, environment: Raw = {}) =>
      pathsAndReasons({ system: "m31", services: { web: { secrets, environment } } });
    expect(wrong({ A: "{{secret:nothing}}" })).toEqual([
      "web.secrets.A: an application may use redis-password, redis-user",
    ]);
    expect(wrong({ A: "generate" }, { A: "1" })).toEqual([
      "web.secrets.A: `docker inspect` shows that value",
    ]);
    expect(wrong({ A: "plain" })[0]).toContain("this file must not contain a secret");
  });
});
