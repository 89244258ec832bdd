/**
 * The main job of the system `full`, on a real engine: from nothing to answers, and everything a user does around it.
 * Runs on the embedded engine and with `images: packages`; does not prove what the Pulumi CLI or a registry does.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { monitored, monitoringOptions } from "../../config/services/monitoring.ts";
import { dashboardQueries } from "../../monitoring/index.ts";
import { systemAndContext } from "./program.ts";
import { pdf, Rag } from "./rag.ts";
import { docker, eventually, logOf, TestStack } from "./stack.ts";

const port = 18_080;
const prometheusPort = 19_090;
const settings = {
  system: "full",
  environment: "dev",
  images: "packages",
  monitoring: { scrapeInterval: "5s" },
  services: {
    gateway: { port },
    prometheus: { port: prometheusPort },
    alertmanager: { port: 19_093 },
  },
};

const stack = new TestStack("e2e", settings);
const rag = new Rag(port);

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
});

afterAll(() => stack.remove());

async function prometheus<T>(path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/${path}`);
  const body = (await response.json()) as { status: string; data: T; error?: string };
  if (body.status !== "success") throw new Error(`${path}: ${body.error}`);
  return body.data;
}

describe("documents and questions", () => {
  const facts = {
    "capybara.md": [
      "text/markdown",
      "# Capybaras\n\nThe capybara Ludovico lives in the moat of castle Brunnfels.\n",
    ],
    "bridge.txt": [
      "text/plain",
      "The bridge over the river Ulm was painted vermilion in 1987 by Greta Holm.\n",
    ],
    "cheese.html": [
      "text/html",
      "<html><body><h1>Cheese</h1><p>Tilmans cheese ripens 400 days in a salt mine.</p></body></html>",
    ],
    "comet.pdf": ["application/pdf", pdf("Comet Wiegand returns every seventy-three years and glows green.")],
  } as const;

  it.each(Object.entries(facts))("ingests %s", async (name, [type, body]) => {
    const document = await rag.upload(name, type, body);
    expect(document).toMatchObject({ state: "ready" });
    expect(document.chunks).toBeGreaterThan(0);
  });

  it.each([
    ["Where does the capybara Ludovico live?", "capybara.md", "moat of castle Brunnfels"],
    ["Who painted the bridge?", "bridge.txt", "Greta Holm"],
    ["How long does the cheese ripen?", "cheese.html", "400 days"],
    ["How often does the comet return?", "comet.pdf", "seventy-three years"],
  ])("%s: the right passage comes first", async (question, document, words) => {
    const answer = await rag.ask(question);
    expect(answer.sources[0]?.text).toContain(words);
    expect(JSON.stringify(answer.sources[0])).toContain(document);
    expect(answer.answer).toContain(words);
    expect(Object.keys(answer.timings).length).toBeGreaterThan(0);
  });

  it("streams the answer when asked to", async () => {
    const response = await rag.post(
      "/api/query",
      { question: "Who painted the bridge?", k: 2 },
      { accept: "text/event-stream" },
    );
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const text = await response.text();
    expect(text).toContain("event: sources");
    expect(text).toContain("event: done");
    expect(text).toContain("Greta Holm");
  });

  it("forgets a deleted document", async () => {
    const { id } = await rag.upload("gone.txt", "text/plain", "The zeppelin Aurelia was scrapped in Turku.");
    expect((await rag.get(`/api/documents/${id}`, { method: "DELETE" })).status).toBeLessThan(300);
    expect((await rag.get(`/api/documents/${id}`)).status).toBe(404);
    const answer = await rag.ask("Where was the zeppelin Aurelia scrapped?");
    expect(JSON.stringify(answer.sources)).not.toContain("Turku");
  });

  it.each<[string, () => Promise<Response>]>([
    ["an unknown type", () => rag.send("x.exe", "application/octet-stream", "MZ")],
    ["an empty file", () => rag.send("x.txt", "text/plain", "")],
    ["no file", () => rag.post("/api/documents", {})],
    ["broken JSON", () => rag.post("/api/query", "{")],
    ["an empty question", () => rag.post("/api/query", { question: " ", k: 3 })],
    ["k out of range", () => rag.post("/api/query", { question: "x", k: 0 })],
    ["k that is no number", () => rag.post("/api/query", { question: "x", k: "many" })],
    ["an id that is none", () => rag.get("/api/documents/none")],
    ["an unknown path", () => rag.get("/api/nothing")],
    ["a wrong method", () => rag.get("/api/documents", { method: "PUT" })],
    ["a body far too large", () => rag.send("big.txt", "text/plain", "x".repeat(30 * 2 ** 20))],
  ])("answers %s with a 4xx in words", async (_, request) => {
    const response = await request();
    const body = await response.text();
    expect(response.status, body).toBeGreaterThanOrEqual(400);
    expect(response.status, body).toBeLessThan(500);
    expect(JSON.parse(body)).toMatchObject({ title: expect.any(String), detail: expect.any(String) });
  });

  it("says which dependencies are ready, and documents itself", async () => {
    expect((await rag.get("/api/health")).status).toBe(200);
    const ready = await rag.get("/api/ready");
    expect(ready.status).toBe(200);
    const words = await ready.text();
    for (const name of ["database", "redis", "vector store"]) expect(words.toLowerCase()).toContain(name);
    expect((await rag.get("/api/docs")).status).toBe(200);
    expect((await rag.get("/api/openapi.json")).status).toBe(200);
  });

  it("keeps metrics off the gateway", async () => {
    expect(await (await rag.get("/metrics")).text()).not.toContain("http_requests_total");
    expect(await (await rag.get("/api/metrics")).text()).not.toContain("http_requests_total");
  });
});

describe("monitoring", () => {
  it("has every target up", async () => {
    await eventually(async () => {
      const { activeTargets } = await prometheus<{
        activeTargets: { health: string; labels: { job: string } }[];
      }>("targets");
      expect(activeTargets.length).toBeGreaterThan(10);
      expect(activeTargets.filter((t) => t.health !== "up").map((t) => t.labels.job)).toEqual([]);
      return true;
    });
  });

  it("has alert rules loaded, none of them failing", async () => {
    type Groups = { groups: { rules: { type: string; health: string; name: string }[] }[] };
    const { groups } = await prometheus<Groups>("rules?type=alert");
    const rules = groups.flatMap((g) => g.rules);
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter((r) => r.health === "err")).toEqual([]);
  });

  it("has data for every panel of every dashboard", async () => {
    const { system, context } = systemAndContext(stack.name, settings);
    const queries = dashboardQueries(
      system.services.map(monitored),
      monitoringOptions(context, system.services),
    );
    expect(queries.length).toBeGreaterThan(15);
    const empty = await eventually(async () => {
      const without: string[] = [];
      for (const { dashboard, panel, expr } of queries) {
        const { result } = await prometheus<{ result: unknown[] }>(`query?query=${encodeURIComponent(expr)}`);
        if (result.length === 0) without.push(`${dashboard} / ${panel}: ${expr}`);
      }
      if (without.length > 0) throw new Error(`no data:\n${without.join("\n")}`);
      return without;
    }, 90);
    expect(empty).toEqual([]);
  });
});

describe("what can be reached", () => {
  it("is the gateway and the consoles, on loopback alone", async () => {
    const published: string[] = [];
    for (const id of await stack.containers()) {
      const [container] = JSON.parse(await docker("inspect", id));
      for (const bindings of Object.values(
        container.NetworkSettings.Ports as Record<string, { HostIp: string; HostPort: string }[] | null>,
      )) {
        for (const { HostIp, HostPort } of bindings ?? []) published.push(`${HostIp}:${HostPort}`);
      }
    }
    expect(published.sort()).toEqual(
      [`127.0.0.1:${port}`, `127.0.0.1:${prometheusPort}`, "127.0.0.1:19093"].sort(),
    );
  });

  it("leaves the backend without a way out", async () => {
    const [network] = JSON.parse(await docker("network", "inspect", `ragdock-${stack.name}-backend`));
    expect(network.Internal).toBe(true);
  });

  it("runs every container limited, rotated, probed and without new privileges, none as root but those that must", async () => {
    const root: string[] = [];
    for (const id of await stack.containers()) {
      const [{ HostConfig, Config }] = JSON.parse(await docker("inspect", id));
      const service = Config.Labels["ragdock.service"];
      expect(HostConfig.Memory, service).toBeGreaterThan(0);
      expect(HostConfig.NanoCpus, service).toBeGreaterThan(0);
      expect(HostConfig.LogConfig, service).toMatchObject({
        Type: "json-file",
        Config: { "max-file": "3", "max-size": "10m" },
      });
      expect(HostConfig.SecurityOpt, service).toContain("no-new-privileges:true");
      if (Config.Labels["ragdock.kind"] !== "job")
        expect(Config.Healthcheck?.Test?.length, service).toBeGreaterThan(1);
      if (!Config.User || Config.User.startsWith("0")) root.push(service);
    }
    expect(root).toEqual([]);
  });
});

describe("secrets", () => {
  it("are in no inspect output, image history, log, preview or clear-text state", async () => {
    const shown = JSON.parse((await stack.make("outputs", "--show-secrets")).output);
    const values = Object.values(shown.credentials as Record<string, string>);
    expect(values.length).toBeGreaterThanOrEqual(2);
    expect(values.every((value) => /^[A-Za-z0-9]{32}$/.test(value))).toBe(true);

    const places: Record<string, string> = {
      outputs: (await stack.make("outputs")).output,
      preview: (await stack.make("preview")).output,
      status: (await stack.make("status")).output,
    };
    for (const id of await stack.containers()) {
      const inspected = await docker("inspect", id);
      const [{ Config, Image }] = JSON.parse(inspected);
      const service = Config.Labels["ragdock.service"];
      places[`inspect of ${service}`] = inspected;
      places[`log of ${service}`] = await logOf(id);
      places[`image of ${service}`] =
        (await docker("history", "--no-trunc", Image)) + (await docker("inspect", Image));
    }
    for (const file of readdirSync(stack.stateDir)) {
      places[`state file ${file}`] = readFileSync(join(stack.stateDir, file)).toString("latin1");
    }
    const found = Object.entries(places).filter(([, text]) => values.some((value) => text.includes(value)));
    expect(found.map(([place]) => place)).toEqual([]);
  });
});

describe("running it again", () => {
  it("changes nothing, and says so", async () => {
    const before = await stack.containers();
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(output).toContain("Nothing created, updated or replaced");
    expect(await stack.containers()).toEqual(before);
    expect((await stack.make("preview")).output).toContain("Nothing would change.");
  });

  it("previews one edited setting as just that", async () => {
    stack.configure({ ...settings, services: { ...settings.services, alertmanager: { port: 19_094 } } });
    const { code, output } = await stack.make("preview");
    stack.configure(settings);
    expect(code, output).toBe(0);
    expect(output.match(/^[+~±-] .*/gm)).toEqual(["± container alertmanager: replace"]);
    expect(output).toContain("19094");
  });

  it("prints its outputs as JSON, with the URLs that answer", async () => {
    const outputs = JSON.parse((await stack.make("outputs")).output);
    expect(Object.keys(outputs.urls).sort()).toEqual(["alertmanager", "api", "gateway", "prometheus", "ui"]);
    for (const url of [outputs.urls.gateway, `${outputs.urls.api}/health`, outputs.urls.prometheus]) {
      expect((await fetch(url)).status, url).toBe(200);
    }
  });
});

describe("failures in words", () => {
  it("names who has a port, and the setting that moves ours", async () => {
    const other = new TestStack("e2e-taken", { ...settings });
    try {
      const { code, output } = await other.make("up");
      expect(code).toBe(1);
      expect(output).toMatch(
        new RegExp(`port ${port} of gateway is taken by the container ragdock-e2e-gateway`),
      );
      expect(output).toContain("pulumi config set --path 'ragdock:services.gateway.port'");
      expect(await other.containers()).toEqual([]);
    } finally {
      await other.remove();
    }
  });

  it("says what is wrong with a service that never gets healthy, again at the next up, until it is mended", async () => {
    // The exporter listens where its probe does not ask.
    const broken = { "redis-exporter": { environment: { REDIS_EXPORTER_WEB_LISTEN_ADDRESS: ":9999" } } };
    stack.configure({ ...settings, services: { ...settings.services, ...broken } });
    for (const _ of ["first", "second"]) {
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(1);
      expect(output).toMatch(/redis-exporter \(ragdock-e2e-redis-exporter-\w+\) is (unhealthy|starting)/);
      expect(output).toContain("Last probe: exit code 1");
      expect(output).toContain("End of its log:");
    }
    stack.configure(settings);
    const mended = await stack.make("up");
    expect(mended.code, mended.output).toBe(0);
  });

  it("stops the roll-out when a migration fails; what ran before goes on, and the next up tries again", async () => {
    const api = await stack.containers("api");
    const broken = { migrate: { environment: { RAG_DATABASE_NAME: "nowhere" } } };
    stack.configure({ ...settings, services: { ...settings.services, ...broken } });
    for (const _ of ["first", "second"]) {
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(1);
      expect(output).toMatch(/The job "migrate" ended with exit code [1-9]/);
      expect(output).toContain("nowhere");
      expect(await stack.containers("api")).toEqual(api);
      expect((await rag.get("/api/ready")).status).toBe(200);
    }
    stack.configure(settings);
    const mended = await stack.make("up");
    expect(mended.code, mended.output).toBe(0);
  });

  it("shows the end of the log when an image cannot be built", async () => {
    stack.configure({ ...settings, app: { source: "tests/e2e/broken-app" } });
    const { code, output } = await stack.make("up");
    stack.configure(settings);
    expect(code, output).toBe(1);
    expect(output).toContain("this app cannot be built, and says so");
  });

  it("reports every wrong setting before anything is touched", async () => {
    const before = await stack.containers();
    stack.configure({ ...settings, images: "dockr", services: { api: { replicas: 0 }, nosuch: {} } });
    const { code, output } = await stack.make("up");
    stack.configure(settings);
    expect(code).toBe(1);
    for (const path of ["ragdock:images", "ragdock:services.api.replicas"]) expect(output).toContain(path);
    expect(await stack.containers()).toEqual(before);
  });
});

describe("a second stack", () => {
  it("comes up in prod beside the first, which does not notice", async () => {
    const prod = new TestStack("e2e-prod", {
      system: "full",
      environment: "prod",
      images: "packages",
      services: { gateway: { port: 18_081 } },
    });
    try {
      const before = await stack.containers();
      const { code, output } = await prod.make("up");
      expect(code, output).toBe(0);
      expect(await stack.containers()).toEqual(before);
      expect(await prod.containers("api")).toHaveLength(2);
      const other = new Rag(18_081);
      await other.upload("prod.txt", "text/plain", "The lighthouse keeper of Skagen collects barometers.");
      expect((await other.ask("What does the lighthouse keeper collect?")).answer).toContain("barometers");
      expect(
        JSON.stringify((await rag.ask("What does the lighthouse keeper collect?")).sources),
      ).not.toContain("barometers");
      const [gateway] = JSON.parse(await docker("inspect", await prod.container("gateway")));
      expect(JSON.stringify(gateway.HostConfig.PortBindings)).toContain("0.0.0.0");
    } finally {
      await prod.remove();
    }
  });
});

describe("down", () => {
  it("removes everything but the data, and up finds the documents again", async () => {
    const volumes = await stack.volumes();
    const { code, output } = await stack.make("down");
    expect(code, output).toBe(0);
    expect(await stack.containers()).toEqual([]);
    expect(await stack.volumes()).toEqual(volumes);
    const again = await stack.make("up");
    expect(again.code, again.output).toBe(0);
    expect((await rag.ask("Who painted the bridge?")).answer).toContain("Greta Holm");
  });

  it("deletes data only when told so twice", async () => {
    const refused = await stack.make("destroy-data");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("CONFIRM=e2e");
    expect(await stack.volumes()).not.toEqual([]);
    const done = await stack.make("destroy-data", "--confirm", "e2e");
    expect(done.code, done.output).toBe(0);
    expect(await stack.volumes()).toEqual([]);
  });
});
