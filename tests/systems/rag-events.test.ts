/**
 * Tests the running system rag-events: its services, its main task with and without Mistral, and
 * its traps. Small test servers stand in for Mistral and Open Agenda. These tests do not prove the
 * answers of the real ones.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { expectDeclared } from "../support/connections.ts";
import { imageOf, inside, type Observed, observe, startOrder } from "../support/observe.ts";
import { docker, TestStack } from "../support/stack.ts";
import { describeProd } from "./rag-events-prod.ts";
import { describeEnd, describeRuns, describeSeed } from "./rag-events-seed.ts";
import { fact, fileOf, handbook, question, SmallRag } from "./small-rag.ts";

const port = 18_200;
const uiPort = 18_201;
const services = { api: { port }, ui: { port: uiPort }, prometheus: { port: 18_202, exposure: "loopback" } };
const settings = { system: "rag-events", images: "packages", monitoring: { scrapeInterval: "5s" }, services };
const stack = new TestStack("e2e-events", settings);
const api = new SmallRag(port);
let running: Record<string, Observed> = {};

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  running = await observe(stack);
});
afterAll(() => stack.remove());

const health = async (service: string): Promise<string> =>
  (await docker("inspect", "--format", "{{.State.Health.Status}}", await stack.container(service))).trim();

describe("rag-events in dev", () => {
  it("connects its services as declared, and no others", () => expectDeclared(stack, settings));

  it("runs under its own names, ports, networks and volume, and starts the UI after the API", () => {
    expect(running.api).toMatchObject({
      ports: [],
      networks: ["app", "metrics"],
      mounts: { "/app/data": "data" },
      command: ["api"],
      user: "10001:10001",
      restart: "unless-stopped",
      health: "30s/10s/5s/3",
      logs: "10m x 3",
    });
    expect(running.ui).toMatchObject({
      ports: [],
      networks: ["app"],
      mounts: { "/var/tmp": "no name" },
      command: ["streamlit"],
      health: "30s/10s/5s/3",
    });
    expect(running.ingress?.ports).toEqual([`127.0.0.1:${port}->8080`, `127.0.0.1:${uiPort}->8082`]);
    expect(startOrder(running).indexOf("api")).toBeLessThan(startOrder(running).indexOf("ui"));
  });

  it("is one image of three stages, with entrypoint modes and without build tools", async () => {
    const image = await imageOf(stack, "api", ["gcc", "uv", "curl"]);
    expect(image.found).toEqual([]);
    expect(image.megabytes).toBeLessThan(600);
    const ids = await docker(
      "inspect",
      "--format",
      "{{.Image}}",
      await stack.container("api"),
      await stack.container("ui"),
    );
    expect(new Set(ids.trim().split("\n")).size).toBe(1);
    const stages = fileOf("systems/rag-events/Dockerfile").match(
      /^FROM .* AS (base|dependencies|production)$/gm,
    );
    expect(stages?.map((line) => line.split(" ").at(-1))).toEqual(["base", "dependencies", "production"]);
  });

  it("answers from documents with the local provider if there is no key", async () => {
    expect((await inside(stack, "api", "env")).output).toMatch(/^EMBEDDING_PROVIDER=local$/m);
    expect((await api.upload("handbook.md", handbook)).chunks).toBeGreaterThan(0);
    const { sources } = await api.ask(question);
    expect(sources[0]?.text).toContain(fact);
  });

  it("keeps its index when its container is recreated", async () => {
    await docker("rm", "-f", await stack.container("api"));
    const { code, output } = await stack.make("up", "--refresh");
    expect(code, output).toBe(0);
    expect((await api.ask(question)).sources[0]?.text).toContain(fact);
  });

  it("takes the data folder of an earlier volume, and refuses one that has data", async () => {
    const volume = `ragdock-${stack.name}-data`;
    const folder = mkdtempSync(join(tmpdir(), "ragdock-earlier-"));
    const asRoot = ["run", "--rm", "--user", "0", "--entrypoint", "sh", "-v", `${volume}:/data`];
    const image = (await docker("inspect", "-f", "{{.Image}}", await stack.container("api"))).trim();
    try {
      await docker("cp", `${await stack.container("api")}:/app/data/.`, folder);
      const full = await stack.make("data import", folder, "--service", "api");
      expect(full.code).toBe(1);
      expect(full.output).toContain(`${volume} already contains data. Nothing was changed.`);
      await docker(...asRoot, image, "-c", "rm -rf /data/*");
      const { code, output } = await stack.make("data import", folder, "--service", "api");
      expect(code, output).toBe(0);
      expect(output).toMatch(/compared: \d+ files and folders, owned by 10001:10001/);
      expect((await api.ask(question)).sources[0]?.text).toContain(fact);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("keeps its list of deployments after down, although it has no generated secret", async () => {
    const history = async () => (await stack.make("deployments")).output.match(/^\d+ .*/gm) ?? [];
    const before = (await history()).length;
    expect(before).toBeGreaterThan(0);
    const { code, output } = await stack.make("down");
    expect(code, output).toBe(0);
    expect(await stack.containers()).toEqual([]);
    expect(await history()).toHaveLength(before);
    const again = await stack.make("up");
    expect(again.code, again.output).toBe(0);
    expect(await history()).toHaveLength(before);
    expect((await api.ask(question)).sources[0]?.text).toContain(fact);
  });

  it("has the collector of events in its image, which names what it needs", async () => {
    const { code, output } = await inside(stack, "api", "python", "-m", "rag_events", "collect");
    expect(code).toBe(2);
    expect(output).toContain("OPENAGENDA_KEY_FILE: required, but not set");
  });

  it("refuses to rebuild while no key is set", async () => {
    const response = await api.get("/rebuild", { method: "POST", headers: { "x-api-key": "guess" } });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("REBUILD_API_KEY");
  });
});

describe("rag-events in dev, by its seed", () => {
  describeSeed({ stack, environment: "dev", port }, uiPort);
  describeRuns(stack, 18_203);
});

describe("the traps of rag-events", () => {
  it("the UI of the same image has a different health check, and is healthy", async () => {
    expect(await health("ui")).toBe("healthy");
    const healthchecks = await docker(
      "inspect",
      "--format",
      "{{json .Config.Healthcheck.Test}}",
      await stack.container("api"),
      await stack.container("ui"),
    );
    expect(new Set(healthchecks.trim().split("\n")).size).toBe(2);
  });

  it("Docker does not restart an unhealthy container, so health reports it and an alert fires", async () => {
    const ui = await stack.container("ui");
    await docker("pause", ui);
    try {
      const alerts = await eventually(async () => {
        const response = await fetch("http://127.0.0.1:18202/api/v1/alerts");
        const { data } = (await response.json()) as {
          data: { alerts: { labels: Record<string, string> }[] };
        };
        const found = data.alerts.filter(
          (a) => a.labels.alertname === "ServiceUnhealthy" && a.labels.service === "ui",
        );
        return found.length > 0 ? found : undefined;
      }, 90);
      expect(alerts[0]?.labels.severity).toBe("critical");
      expect((await stack.make("health")).code).toBe(1);
    } finally {
      await docker("unpause", ui);
    }
    expect(await docker("inspect", "--format", "{{.RestartCount}}", ui)).toBe("0\n");
  });
});

describeProd(stack);

describeEnd(stack);
