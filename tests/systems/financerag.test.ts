/**
 * Tests the running system financerag: its services, its main task with and without OpenAI, and its
 * traps. A small test server stands in for OpenAI. Replicas under Swarm and Kubernetes are not
 * tested.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { expectDeclared } from "../support/connections.ts";
import { imageOf, inside, type Observed, observe } from "../support/observe.ts";
import { OpenAIServer } from "../support/openai-server.ts";
import { open } from "../support/program.ts";
import { docker, logOf, projectDir, TestStack } from "../support/stack.ts";
import { describeEnd, describeRuns, describeSeed } from "./financerag-seed.ts";
import { fact, handbook, question, SmallRag } from "./small-rag.ts";

const port = 18_300;
const settings = { system: "financerag", images: "packages", services: { financerag: { port } } };
const stack = new TestStack("e2e-finance", settings);
const api = new SmallRag(port);
const added = join(projectDir, "systems/financerag/documents/e2e-added.md");
let running: Record<string, Observed> = {};

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  running = await observe(stack);
});
afterAll(async () => {
  rmSync(added, { force: true });
  await stack.remove();
});

describe("financerag in dev", () => {
  it("connects its services as declared, and no others", () => expectDeclared(stack, settings));

  it("runs under its own name, port, networks and volume, with its documents mounted read-only", () => {
    expect(running.financerag).toMatchObject({
      ports: [],
      networks: ["app", "metrics"],
      mounts: {
        "/app/data": "data",
        "/app/documents": `${projectDir}/systems/financerag/documents:ro`,
      },
      command: ["serve"],
      user: "10001:10001",
      replicas: 1,
      memory: 1024,
      logs: "10m x 3",
    });
    expect(running.ingress?.ports).toEqual([`127.0.0.1:${port}->8080`]);
    expect(running).not.toHaveProperty("chroma");
  });

  it("answers from its mounted documents, and reads them again when they change", async () => {
    const first = await eventually(async () => {
      const { sources } = await api.ask("How much revenue did Harbour Mills make in the third quarter?");
      return sources.length > 0 ? sources : undefined;
    }, 60);
    expect(first[0]?.text).toContain("48.2 million");
    writeFileSync(added, handbook);
    await eventually(
      async () => ((await api.ask(question)).sources[0]?.text.includes(fact) ? true : undefined),
      60,
    );
    rmSync(added);
    await eventually(
      async () => ((await api.ask(question)).sources.some((s) => s.text.includes(fact)) ? undefined : true),
      60,
    );
  });
});

describe("financerag in dev, by its seed", () => {
  describeSeed({ stack, environment: "dev", port });
  describeRuns(stack, api, 18_303);
});

describe("the traps of financerag", () => {
  it("the health check works although the image contains no curl and no compiler", async () => {
    const image = await imageOf(stack, "financerag", ["curl", "wget", "gcc", "cc", "uv"]);
    expect(image.found).toEqual([]);
    expect(image.megabytes).toBeLessThan(400);
    const id = await stack.container("financerag");
    // The health check must fail if the server does not answer.
    const healthcheck = () => inside(stack, "financerag", "python", "main.py", "health");
    expect((await healthcheck()).code).toBe(0);
    await docker("kill", "-s", "STOP", id);
    try {
      expect((await healthcheck()).code).not.toBe(0);
    } finally {
      await docker("kill", "-s", "CONT", id);
    }
  });

  it("replicas with embedded Chroma are refused with both solutions, before anything changes", async () => {
    const before = await stack.containers();
    stack.configure({ ...settings, services: { financerag: { port, replicas: 3 } } });
    const { code, output } = await stack.make("up");
    stack.configure(settings);
    expect(code).toBe(1);
    expect(output).toContain(
      "ragdock:services.financerag.replicas: found 3; its vectors are files in one volume",
    );
    expect(output).toMatch(/set ragdock:vectorStore to chroma in \S*Pulumi\.e2e-finance\.yaml/);
    expect(await stack.containers()).toEqual(before);
  });
});

describe("financerag in prod, with OpenAI", () => {
  const key = "openai-canary-91bd04";
  const openai = new OpenAIServer(key, 1536);
  const prodPort = 18_305;
  const gate = new SmallRag(prodPort);
  const prod = new TestStack("e2e-finance-prod", {});
  let at: Record<string, Observed> = {};

  beforeAll(async () => {
    const baseUrl = await openai.start();
    prod.configure({
      system: "financerag",
      environment: "prod",
      ingress: open,
      images: "packages",
      embeddings: { baseUrl },
      llm: { baseUrl },
      services: { financerag: { port: prodPort } },
    });
  });
  afterAll(async () => {
    await prod.remove();
    openai.stop();
  });

  it("is refused without its key, with one line that sets it", async () => {
    const { code, output } = await prod.make("up");
    expect(code).toBe(1);
    expect(output).toContain("ragdock:openaiApiKey");
    expect(output).toContain("make secret KEY=openaiApiKey STACK=e2e-finance-prod");
    expect(await prod.containers()).toEqual([]);
  });

  it("runs three replicas of four gunicorn workers over the Chroma server, without mounts", async () => {
    await prod.secret("openaiApiKey", key);
    const { code, output } = await prod.make("up");
    expect(code, output).toBe(0);
    at = await observe(prod);
    expect(at.financerag).toMatchObject({ replicas: 3, mounts: {}, ports: [] });
    expect(at.chroma?.mounts).toEqual({ "/data": "chroma-data" });
    expect(at.ingress?.ports).toEqual([`0.0.0.0:${prodPort}->8080`]);
    const processes = await docker("top", await prod.container("financerag"), "-eo", "pid,args");
    // One master and four workers.
    expect(processes.split("\n").filter((line) => line.includes("gunicorn"))).toHaveLength(5);
  });

  describeSeed({ stack: prod, environment: "prod", port: prodPort });

  it("calls the provider with the system's models, and retries after 429 and 5xx", async () => {
    // The application ingests the documents of the image at its start.
    openai.seen.splice(0);
    openai.failures = [429, 500];
    await gate.upload("handbook.md", handbook);
    const embeddings = openai.seen.filter((s) => s.path.endsWith("/embeddings"));
    expect(embeddings.slice(0, 3).map((s) => s.status)).toEqual([429, 500, 200]);
    expect(new Set(embeddings.map((s) => s.model))).toEqual(new Set(["text-embedding-3-small"]));
    for (let i = 0; i < 6; i++) {
      const { answer, sources } = await gate.ask(question);
      expect(sources[0]?.text).toContain(fact);
      expect(answer).toContain("From the model:");
    }
    expect(openai.seen.at(-1)).toMatchObject({ path: "/v1/chat/completions", model: "gpt-4o-mini" });
  });

  it("changes nothing in a second run, in dev and prod", async () => {
    for (const each of [prod, stack]) expect(await each.unchanged()).toBe("");
  });

  it("has the key in no environment variable, label, log or clear text of the state", async () => {
    const ids = await prod.containers();
    expect(await docker("inspect", ...ids)).not.toContain(key);
    expect((await Promise.all(ids.map(logOf))).join("\n")).not.toContain(key);
    expect(prod.stateText()).not.toContain(key);
  });
});

describeEnd(stack);
