/**
 * Tests that every setting of an own application has an effect or is refused by its path. Does not
 * prove that Docker follows the specification.
 */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { type OwnAppSettings, ownApp } from "../../../config/settings/apps.ts";
import { ConfigError } from "../../../config/settings/problem.ts";
import { reaches } from "../../../config/spec/networks.ts";
import type { SystemSpec } from "../../../config/spec/service.ts";
import { serviceOf, systemWith } from "../../support/program.ts";

/** Values of each setting. A key without a sample does not compile. */
const samples: { readonly [K in keyof Required<OwnAppSettings>]: readonly unknown[] } = {
  source: ["tests/support/fixtures/flask-app", "tests/support/fixtures/fastapi-app", "docs", "no/such"],
  image: ["other:2.0"],
  module: ["service:app"],
  user: ["10001:10001"],
  capabilities: [["CHOWN"]],
  metricsPath: ["/metrics"],
  bodySize: ["1GiB"],
  build: [
    // Any file: the test builds nothing.
    { dockerfile: "app.py" },
    { dockerfile: "no/such" },
    { target: "production" },
    { args: { VERSION: "7" } },
    { args: { TORCH_BACKEND: "none" } },
    { python: "3.12" },
    { python: "2.7" },
    { packages: ["ffmpeg"] },
  ],
  entrypoint: [["python3", "-m"]],
  command: [["serve", "--port", 9]],
  port: [9000],
  route: ["/", "/more/", "/monitoring/more/", "mine.rag.example.org"],
  routes: [{ "/admin/": 9000 }, { "/": 9000 }],
  healthcheck: [
    { path: "/other" },
    { command: ["check"] },
    { path: "/other", command: ["check"] },
    { startPeriod: "5m" },
    { interval: "20s" },
    { timeout: "9s" },
    { retries: 9 },
  ],
  volumes: [
    [{ name: "uploads", path: "/srv/uploads" }],
    [{ name: "uploads", path: "/srv/uploads", shared: true }],
    [{ name: "postgres-data", path: "/srv/uploads" }],
  ],
  env: [{ SAMPLE: "sample" }, { SAMPLE: "{{secret:postgres-password}}" }],
  envFile: ["tests/support/fixtures/variables.env", "no/such"],
  needs: [["postgres"], ["redis"], ["other"], ["chroma"], ["gateway"], ["no-such"]],
  replicas: [3],
  limits: [{ cpus: 0.7 }, { memory: "333MiB" }, { reservation: "100MiB" }],
  databaseConnections: [17],
  timeout: ["20m", "30s"],
  migrate: [["alembic", "upgrade", "head"]],
  secrets: [
    { JWT_SECRET: "generate" },
    { OPENAI_API_KEY: "ask" },
    { URL: "redis://{{secret:no-such}}" },
    { CLEAR: "sk-123" },
  ],
  writable: [{ "/srv/cache": "64MiB" }, { "/proc/self": "1MiB" }, { "/srv/cache": "8GiB" }],
  extraHosts: [{ "db.example.org": "192.0.2.7" }, { builder: "host-gateway" }, { db: "no-address" }],
  ulimits: [
    { nofile: 65_536 },
    { nproc: { soft: 9, hard: 10 } },
    { nproc: { soft: 11, hard: 10 } },
    { no: 1 },
  ],
  hostname: ["box"],
  workingDir: ["/srv/app"],
  labels: [{ "com.example.team": "search" }, { "ragdock.service": "postgres" }],
  ephemeral: [true],
  job: [true],
};

/** An application of each kind, next to one that answers all other requests. */
const kinds: Readonly<Record<string, Record<string, unknown>>> = {
  routed: { image: "mine:1.0", port: 8000, route: "/api/", healthcheck: { path: "/ping" } },
  internal: { image: "mine:1.0", port: 8000, needs: ["postgres"] },
  worker: { image: "mine:1.0" },
  built: { source: "tests/support/fixtures/flask-app", port: 8000 },
  python: { source: "tests/support/fixtures/fastapi-app", port: 8000 },
  node: { source: "tests/support/fixtures/applications/node-express", port: 8000 },
  stateful: { image: "mine:1.0", volumes: [{ name: "files", path: "/srv" }] },
};
const other = { image: "other:1.0", port: 8000, route: "/" };
const apps = (app: Record<string, unknown>) => ({ apps: { other, mine: app } });

/**
 * Returns the problem of a setting: it has no effect, or is refused under another path. Returns
 * nothing if it is correct.
 */
function silent(app: Record<string, unknown>, base: SystemSpec, key: string, value: unknown): string[] {
  const found = `${key} = ${JSON.stringify(value)}`;
  try {
    return isDeepStrictEqual(systemWith(apps({ ...app, [key]: value })), base)
      ? [`${found} does nothing`]
      : [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const own = `ragdock:apps.mine.${key}`;
    const paths = error.problems.map(({ path }) => path);
    const isNamed = paths.some(
      (path) => path.startsWith(own) || elsewhere.some(([a, b]) => a === key && b.test(path)),
    );
    return isNamed ? [] : [`${found} is refused as ${paths.join(", ")}`];
  }
}

/** If two settings together are wrong, a problem may name the other one. */
const elsewhere: readonly (readonly [key: string, path: RegExp])[] = [
  // An application has either a source or an image.
  ["source", /^ragdock:apps\.mine$/],
  ["image", /^ragdock:apps\.mine$/],
  // The gateway needs a port, and several containers need a volume that they may share.
  ["route", /^ragdock:apps\.mine\.port$/],
  ["replicas", /^ragdock:services\.mine\.replicas$/],
  // uvicorn has to run an application of a folder without a Dockerfile.
  ["command", /^ragdock:apps\.mine\.module$/],
];

describe.each(Object.entries(kinds))("a %s application", (_, app) => {
  it("ignores no setting", () => {
    const base = systemWith(apps(app));
    const found = Object.entries(samples).flatMap(([key, values]) =>
      values
        .filter((value) => !isDeepStrictEqual(app[key], value))
        .flatMap((value) => silent(app, base, key, value)),
    );
    expect(found).toEqual([]);
  });
});

it("the samples cover the schema", () => {
  expect(Object.keys(samples).sort()).toEqual(Object.keys(ownApp.shape).sort());
});

const folder = { source: "tests/support/fixtures/flask-app", build: { args: { A: "1" } } };

describe("own applications", () => {
  const several = systemWith({
    apps: {
      web: { ...folder, port: 5000, route: "/", needs: ["postgres", "redis"], migrate: ["migrate"] },
      worker: { ...folder, command: ["work"], needs: ["redis"] },
      beat: { ...folder, build: {}, command: ["beat"] },
    },
  });

  it("replace the reference application", () => {
    const names = several.services.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["web", "web-migrate", "worker", "beat"]));
    expect(names).not.toContain("migrate");
    expect(names).not.toContain("ui");
    expect(several.urls.web).toBe("http://localhost:8080");
  });

  it("of one folder and one build share an image", () => {
    const [web, worker, beat] = ["web", "worker", "beat"].map((name) => serviceOf(several, name).image);
    expect(worker).toEqual(web);
    expect(web).toMatchObject({ from: "build", name: "app-web", args: { A: "1" } });
    expect(beat).toMatchObject({ name: "app-beat" });
  });

  it("with one image wait for its migration, and the migration waits for stores only", () => {
    const waits = (name: string) => several.services.find((s) => s.name === name)?.dependsOn;
    expect(waits("web-migrate")).toEqual(["postgres", "redis", "postgres-credentials", "redis-credentials"]);
    expect(waits("web")).toContain("web-migrate");
    expect(waits("worker")).toContain("web-migrate");
    expect(waits("beat")).not.toContain("web-migrate");
  });

  it("that run once are jobs, which others wait for", () => {
    const setup = {
      image: "tools:1.0",
      job: true,
      needs: ["postgres"],
      secrets: { TOKEN: "generate" },
      volumes: [{ name: "shared", path: "/srv", shared: true }],
      workingDir: "/srv",
    };
    const system = systemWith({ apps: { web: { ...other, needs: ["setup"] }, setup } });
    const job = system.services.find(({ name }) => name === "setup");
    expect(job).toMatchObject({
      kind: "job",
      workingDir: "/srv",
      timeout: "2h",
      volumes: [{ volume: "shared", path: "/srv" }],
      dependsOn: ["postgres", "postgres-credentials"],
    });
    expect(job?.files.map(({ path }) => path)).toContain("/run/secrets/TOKEN");
    expect(serviceOf(system, "web").dependsOn).toContain("setup");
    expect(system.urls).not.toHaveProperty("setup");
  });

  it("reach the stores that they need, and get the passwords of these stores only", () => {
    const files = (name: string) => serviceOf(several, name).files.map(({ path }) => path);
    expect(files("web")).toEqual(["/run/secrets/postgres-password", "/run/secrets/redis-password"]);
    expect(files("worker")).toEqual(["/run/secrets/redis-password"]);
    expect(files("beat")).toEqual([]);
    expect(serviceOf(several, "worker").networks).toEqual(["outside", "redis"]);
    expect(serviceOf(several, "beat").networks).toEqual(["outside"]);
    expect(serviceOf(several, "beat").environment).not.toHaveProperty("RAG_DATABASE_HOST");
  });

  it("reach nothing but what they need", () => {
    const reached = (from: string) =>
      several.services
        .filter((to) => to.name !== from && reaches(serviceOf(several, from), to))
        .map(({ name }) => name);
    expect(reached("web").sort()).toEqual(["gateway", "postgres", "redis", "worker"]);
    expect(reached("worker")).toEqual(["redis", "web"]);
    expect(reached("beat")).toEqual([]);
  });

  it("get requests from the gateway only if they have a route", () => {
    const gateway = serviceOf(several, "gateway").routes?.map(({ path, service }) => [path, service]);
    expect(gateway).toEqual([["/", "web"]]);
    expect(serviceOf(several, "web").role).toBe("api");
    expect(serviceOf(several, "worker").role).toBe("worker");
  });

  it("stop before their successors start, if their volume allows only one container at a time", () => {
    const kindOf = (shared: boolean) => {
      const volumes = [{ name: "files", path: "/srv", shared }];
      return serviceOf(systemWith(apps({ ...kinds.worker, volumes })), "mine").kind;
    };
    expect([kindOf(false), kindOf(true)]).toEqual(["stateful", "stateless"]);
  });

  it("read variables from a file, and from the settings first", () => {
    const envFile = "tests/support/fixtures/variables.env";
    const { environment } = serviceOf(
      systemWith(apps({ ...kinds.worker, envFile, env: { LOG_LEVEL: "debug" } })),
      "mine",
    );
    expect(environment).toMatchObject({ LOG_LEVEL: "debug", GREETING: "hello # world" });
  });

  it("named ui cannot reach Prometheus, unlike the reference application's page", () => {
    const system = systemWith({ apps: { ui: other } });
    expect(serviceOf(system, "gateway").calls).toEqual([]);
    expect(serviceOf(systemWith({}), "gateway").calls).toEqual(["prometheus"]);
  });
});
