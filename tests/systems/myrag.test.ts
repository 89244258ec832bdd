/**
 * Tests the running system myrag: its services, its main task through its gateway, and its traps.
 * No Debian package contains Grafana, so it does not run here. These tests do not prove that users
 * see it.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { expectDeclared } from "../support/connections.ts";
import { imageOf, inside, type Observed, observe } from "../support/observe.ts";
import { open } from "../support/program.ts";
import { docker, logOf, projectDir, TestStack } from "../support/stack.ts";
import { describePorts, describeSeed } from "./myrag-seed.ts";
import { fact, fileOf, handbook, question, SmallRag } from "./small-rag.ts";

const port = 18_400;
const prometheusPort = 18_401;
const services = {
  nginx: { port },
  prometheus: { port: prometheusPort },
  pgvector: { port: 18_402 },
  "node-exporter": { port: 18_403 },
  "postgres-exporter": { port: 18_404 },
  streamlit: { port: 18_405, aliases: ["pages"] },
};
const settings = { system: "myrag", images: "packages", services };
const stack = new TestStack("e2e-myrag", settings);
const api = new SmallRag(port, "/api");
let running: Record<string, Observed> = {};

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  running = await observe(stack);
});
afterAll(() => stack.remove());

describe("myrag in dev, by its seed", () => {
  describeSeed({ stack, environment: "dev", port });
  describePorts(services);
});

describe("myrag in dev", () => {
  it("connects its services as declared, and no others", () => expectDeclared(stack, settings));

  it("runs under its own names, on its own networks, with its own volumes", () => {
    expect(Object.keys(running).sort()).toEqual(
      [
        "fastapi",
        "nginx",
        "ingress",
        "node-exporter",
        "pgvector",
        "pgvector-credentials",
        "postgres-exporter",
        "prometheus",
        "streamlit",
      ].sort(),
    );
    expect(running.fastapi?.networks).toEqual(["app", "metrics", "pgvector"]);
    expect(running.streamlit?.networks).toEqual(["app", "outside"]);
    expect(running.nginx?.networks).toEqual(["app", "ingress"]);
    expect(running.fastapi?.mounts).toEqual({ "/data": "fastapi_data" });
    expect(running.pgvector?.mounts).toEqual({ "/var/lib/postgresql/data": "pgvector" });
    expect(running.prometheus?.mounts).toEqual({ "/prometheus": "prometheus_data" });
    expect(running.streamlit?.mounts).toEqual({
      "/app": `${projectDir}/systems/myrag/ui:ro`,
      "/var/tmp": "no name",
    });
    expect(running.ingress?.ports).toEqual([`127.0.0.1:${port}->8080`]);
  });

  it("has images without build tools", async () => {
    for (const [service, most] of [
      ["fastapi", 320],
      ["streamlit", 450],
    ] as const) {
      const image = await imageOf(stack, service, ["gcc", "uv", "curl"]);
      expect(image.found).toEqual([]);
      expect(image.megabytes).toBeLessThan(most);
      expect(running[service]).toMatchObject({
        user: "10001:10001",
        logs: "10m x 3",
        restart: "unless-stopped",
      });
    }
    expect(running.pgvector).toMatchObject({ user: "999:999", reservation: 128 });
  });

  it("accepts documents and answers from them, through the gateway", async () => {
    expect((await api.upload("handbook.md", handbook)).chunks).toBeGreaterThan(0);
    expect((await api.ask(question)).sources[0]?.text).toContain(fact);
  });

  it("opens the port of the pages next to the gateway, and has the alias of the settings", async () => {
    expect(running.streamlit?.ports).toEqual(["127.0.0.1:18405->8501"]);
    expect(running.streamlit?.names).toContain("pages");
    expect((await stack.make("psql", { input: "SELECT current_database();\n" })).output).toContain("myrag");
  });

  it("shows an edit of the page at once", async () => {
    const edited = join(projectDir, "systems/myrag/ui/e2e-edit.txt");
    writeFileSync(edited, "seen at once");
    try {
      expect((await inside(stack, "streamlit", "cat", "/app/e2e-edit.txt")).output).toBe("seen at once");
    } finally {
      rmSync(edited);
    }
  });
});

describe("the traps of myrag", () => {
  const path = async (): Promise<string> =>
    (await inside(stack, "fastapi", "cat", "/run/secrets/metrics-path")).output.trim();

  it("the database password is generated, and is not in alembic.ini or an environment variable", async () => {
    const password = (await inside(stack, "fastapi", "cat", "/run/secrets/pgvector-password")).output.trim();
    expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(fileOf("systems/myrag/api/alembic.ini")).not.toMatch(/postgresql.*:.*@/);
    expect((await inside(stack, "fastapi", "cat", "/app/alembic.ini")).output).not.toContain(password);
    expect(await docker("inspect", ...(await stack.containers()))).not.toContain(password);
  });

  it("the metrics path is generated per stack, and the gateway does not route to metrics", async () => {
    const secret = await path();
    expect(secret).toMatch(/^[A-Za-z0-9]{32}$/);
    const direct = `import urllib.request as u; print(u.urlopen('http://fastapi:8000/${secret}').read().decode())`;
    expect((await inside(stack, "streamlit", "python3", "-c", direct)).output).toContain(
      "http_requests_total",
    );
    // The log is read before the guesses below, which the gateway logs.
    const logs = (await Promise.all((await stack.containers()).map(logOf))).join("\n");
    expect(logs).not.toContain(secret);
    for (const guess of ["/metrics", "/api/metrics", `/api/${secret}`]) {
      const response = await fetch(`http://127.0.0.1:${port}${guess}`);
      expect(await response.text(), guess).not.toContain("http_requests_total");
    }
  });

  it("after a rotation of the metrics path, Prometheus scrapes the new path and the old path is gone", async () => {
    const old = await path();
    const { code, output } = await stack.make("rotate", "--secret", "metrics-path");
    expect(code, output).toBe(0);
    const secret = await path();
    expect(secret).not.toBe(old);
    await eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/targets`);
      const { data } = (await response.json()) as {
        data: { activeTargets: { scrapeUrl: string; health: string }[] };
      };
      const target = data.activeTargets.find((t) => t.scrapeUrl.includes("fastapi"));
      return target?.scrapeUrl.endsWith(`/${secret}`) && target.health === "up" ? true : undefined;
    }, 90);
    const status = `import urllib.request as u, urllib.error as e
try: print(u.urlopen('http://fastapi:8000/${old}').status)
except e.HTTPError as error: print(error.code)`;
    expect((await inside(stack, "streamlit", "python3", "-c", status)).output.trim()).toBe("404");
  });

  it("a rollback keeps the schema of the newer version, and the older one starts", async () => {
    const sql = async (text: string): Promise<string> =>
      (await stack.make("psql", { input: `\\t on\n${text};\n` })).output;
    const current = async () =>
      /^ *(\d{4})$/m.exec(await sql("SELECT version_num FROM alembic_version"))?.[1];
    const revision = await current();
    expect(revision).toMatch(/^000\d$/);
    await sql("UPDATE alembic_version SET version_num = '9999'");
    try {
      const { code, output } = await inside(stack, "fastapi", "alembic", "upgrade", "head");
      expect(code, output).toBe(0);
      expect(await current()).toBe("9999");
    } finally {
      await sql(`UPDATE alembic_version SET version_num = '${revision}'`);
    }
  });

  it("dev publishes ports on loopback only", () => {
    const published = Object.values(running).flatMap((s) => s.ports);
    expect(published).toHaveLength(6);
    for (const line of published) expect(line).toMatch(/^127\.0\.0\.1:/);
  });
});

describe("myrag in prod, next to dev", () => {
  const prodPort = 18_410;
  const prod = new TestStack("e2e-myrag-prod", {
    system: "myrag",
    environment: "prod",
    ingress: open,
    images: "packages",
    services: { nginx: { port: prodPort } },
  });
  beforeAll(async () => {
    const { code, output } = await prod.make("up");
    expect(code, output).toBe(0);
  });
  afterAll(() => prod.remove());

  it("publishes only the ingress, mounts no source, and has a separate metrics path", async () => {
    const at = await observe(prod);
    const published = Object.entries(at).flatMap(([name, s]) => s.ports.map((p) => `${name} ${p}`));
    expect(published).toEqual([`ingress 0.0.0.0:${prodPort}->8080`]);
    expect(at.streamlit?.mounts).toEqual({ "/var/tmp": "no name" });
    const [one, two] = await Promise.all(
      [stack, prod].map(async (s) => (await inside(s, "fastapi", "cat", "/run/secrets/metrics-path")).output),
    );
    expect(one).not.toBe(two);
  });

  describeSeed({ stack: prod, environment: "prod", port: prodPort });

  it("changes nothing in a second run, in dev and prod", async () => {
    for (const each of [prod, stack]) expect(await each.unchanged()).toBe("");
  });
});
