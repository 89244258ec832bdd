/**
 * Tests the running system rag-events: its services, its main task with and without Mistral, and
 * its traps. A small test server stands in for Mistral. These tests do not prove the answers of the
 * real one.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectDeclared } from "../support/connections.ts";
import { imageOf, inside, type Observed, observe, startOrder } from "../support/observe.ts";
import { OpenAIServer } from "../support/openai-server.ts";
import { open } from "../support/program.ts";
import { docker, eventually, logOf, TestStack } from "../support/stack.ts";
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
      mounts: {},
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
    // The entrypoint runs any other command unchanged.
    expect((await docker("run", "--rm", ids.split("\n")[0] as string, "echo", "anything else")).trim()).toBe(
      "anything else",
    );
  });

  it("answers from documents with the local provider if there is no key", async () => {
    expect((await inside(stack, "api", "env")).output).toMatch(/^EMBEDDING_PROVIDER=local$/m);
    expect((await api.upload("handbook.md", handbook)).chunks).toBeGreaterThan(0);
    const { sources } = await api.ask(question);
    expect(sources[0]?.text).toContain(fact);
    expect((await fetch(`http://127.0.0.1:${uiPort}/_stcore/health`)).status).toBe(200);
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
      expect(full.output).toContain(`${volume} has data already. Nothing was changed.`);
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

describe("rag-events in prod, with Mistral", () => {
  const key = "mistral-canary-7f3a9c";
  const rebuildKey = "rebuild-canary-55e1";
  const mistral = new OpenAIServer(key, 1024);
  const prodPort = 18_205;
  const gate = new SmallRag(prodPort);
  const prod = new TestStack("e2e-events-prod", {});
  let at: Record<string, Observed> = {};

  beforeAll(async () => {
    const baseUrl = await mistral.start();
    prod.configure({
      system: "rag-events",
      environment: "prod",
      ingress: open,
      images: "packages",
      embeddings: { baseUrl },
      llm: { baseUrl },
      services: { api: { port: prodPort }, ui: { port: 18_206 } },
    });
  });
  afterAll(async () => {
    await prod.remove();
    mistral.stop();
  });

  it("is refused without its key, with one line that sets it", async () => {
    const { code, output } = await prod.make("up");
    expect(code).toBe(1);
    expect(output).toContain("ragdock:mistralApiKey");
    expect(output).toContain("make secret KEY=mistralApiKey STACK=e2e-events-prod");
    expect(await prod.containers()).toEqual([]);
  });

  it("starts with its key: two replicas behind a gateway, and no other published port", async () => {
    await prod.secret("mistralApiKey", key);
    await prod.secret("rebuildApiKey", rebuildKey);
    const { code, output } = await prod.make("up");
    expect(code, output).toBe(0);
    at = await observe(prod);
    expect(at.api).toMatchObject({ replicas: 2, ports: [] });
    const published = Object.entries(at).flatMap(([name, s]) => s.ports.map((p) => `${name} ${p}`));
    expect(published.sort()).toEqual([`ingress 0.0.0.0:${prodPort}->8080`, "ingress 0.0.0.0:18206->8082"]);
  });

  it("calls the provider in batches with the system's models, and retries after 429 and 5xx", async () => {
    mistral.failures = [429, 503];
    // More passages than one batch can contain.
    const long = Array.from({ length: 400 }, (_, i) =>
      `Paragraph ${i} of the catalogue tells of star number ${i} at length. `.repeat(6),
    );
    await gate.upload("catalogue.md", long.join("\n\n"));
    await gate.upload("handbook.md", handbook);
    const embeddings = mistral.seen.filter((s) => s.path.endsWith("/embeddings"));
    expect(embeddings.slice(0, 3).map((s) => s.status)).toEqual([429, 503, 200]);
    expect(new Set(embeddings.map((s) => s.model))).toEqual(new Set(["mistral-embed"]));
    expect(Math.max(...embeddings.map((s) => s.texts))).toBe(64);
    const { answer, sources } = await gate.ask(question);
    expect(sources[0]?.text).toContain(fact);
    expect(answer).toContain("From the model:");
    expect(mistral.seen.at(-1)).toMatchObject({
      path: "/v1/chat/completions",
      model: "mistral-small-latest",
    });
  });

  it("rebuilds the index for both replicas, only with the right key", async () => {
    const rebuild = (headers: Record<string, string>) => gate.get("/rebuild", { method: "POST", headers });
    expect((await rebuild({})).status).toBe(401);
    expect((await rebuild({ "x-api-key": "wrong" })).status).toBe(403);
    expect((await rebuild({ "x-api-key": rebuildKey })).status).toBe(200);
    for (let i = 0; i < 6; i++) expect((await gate.ask(question)).sources[0]?.text).toContain(fact);
  });

  it("changes nothing in a second run, in dev and prod", async () => {
    for (const each of [prod, stack]) expect(await each.unchanged()).toBe("");
  });

  it("has no key in an environment variable, label, log or clear text of the state", async () => {
    const ids = await prod.containers();
    const inspected = await docker("inspect", ...ids);
    const logs = (await Promise.all(ids.map(logOf))).join("\n");
    for (const canary of [key, rebuildKey]) {
      expect(inspected).not.toContain(canary);
      expect(logs).not.toContain(canary);
      expect(prod.stateText()).not.toContain(canary);
    }
  });
});
