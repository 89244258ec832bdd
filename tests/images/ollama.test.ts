/**
 * Runs Ollama's job and health check in containers against a stand-in of its HTTP API. Does not
 * prove that the official image answers like the stand-in, or that a real model fits.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isLongRunning, type ServiceSpec } from "../../config/spec/service.ts";
import { docker } from "../../host/docker.ts";
import { standIn } from "../support/docker.ts";
import { serviceOf, systemWith } from "../support/program.ts";

const tag = "ragdock-ollama-test";
const names: string[] = [];
let volume = "";

/** A name whose Docker objects are removed after the test. */
function unique(part: string): string {
  const name = `${tag}-${part}-${randomBytes(4).toString("hex")}`;
  names.push(name);
  return name;
}

beforeAll(async () => {
  const arg = `PYTHON_IMAGE=${await standIn("python")}`;
  await docker("build", "-q", "--build-arg", arg, "-t", tag, "tests/images/ollama");
});
beforeEach(async () => {
  volume = unique("volume");
  await docker("volume", "create", volume);
});
afterEach(async () => {
  await docker("rm", "-fv", ...names.filter((name) => name !== volume)).catch(() => {});
  await docker("volume", "rm", "-f", volume).catch(() => {});
  names.length = 0;
});
afterAll(() => docker("rmi", tag).catch(() => {}));

/** The services of a stack that runs this model for answers. */
const stack = (model: string, more = {}) =>
  systemWith({ llm: { provider: "ollama", model, run: true }, ...more });

const job = (model: string, more = {}): ServiceSpec => {
  const found = stack(model, more).services.find(({ name }) => name === "ollama-pull");
  if (!found) throw new Error("there is no ollama-pull");
  return found;
};

/**
 * Creates the container of a service with its entrypoint, variables, volume and files, and returns
 * its name.
 */
async function create(spec: ServiceSpec): Promise<string> {
  const name = unique(spec.name);
  const [entrypoint, ...args] = spec.entrypoint ?? [];
  await docker(
    "create",
    ...["--name", name, "--network", "none", "--memory", "256m", "--cap-drop", "ALL"],
    ...Object.entries(spec.environment).flatMap(([key, value]) => ["-e", `${key}=${value}`]),
    ...spec.volumes.flatMap(({ path }) => ["-v", `${volume}:${path}`]),
    ...(entrypoint ? ["--entrypoint", entrypoint] : []),
    ...[tag, ...args, ...(spec.command ?? [])],
  );
  const folder = mkdtempSync(join(tmpdir(), `${tag}-`));
  try {
    for (const { path, content } of spec.files) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), content as string);
    }
    await docker("cp", `${folder}/etc/.`, `${name}:/etc`);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return name;
}

/** Runs a job and waits until it ends. */
async function run(spec: ServiceSpec): Promise<{ status: number | null; log: string }> {
  const name = await create(spec);
  const { status, stdout, stderr } = spawnSync("docker", ["start", "-a", name], { encoding: "utf8" });
  return { status, log: stdout + stderr };
}

describe("ollama-pull", () => {
  it("downloads the model with visible progress, and does nothing the second time", async () => {
    const first = await run(job("llama3.2:3b"));
    expect(first).toMatchObject({ status: 0 });
    const lines = first.log.trim().split("\n");
    expect(lines[0]).toBe('"llama3.2:3b": pulling manifest');
    expect(lines).toContain('"llama3.2:3b": pulling dde5aa3fc5ff 55 % of 2019 MB');
    expect(lines.at(-1)).toBe('"llama3.2:3b": success');
    expect(lines).toHaveLength(25);
    expect(await run(job("llama3.2:3b"))).toEqual({ status: 0, log: '"llama3.2:3b" is on the volume.\n' });
    expect(await downloads()).toBe("llama3.2:3b\n");
  });

  it("downloads another model next to the first, and each model of a stack once", async () => {
    await run(job("llama3.2:3b"));
    const embeddings = { provider: "ollama", model: "nomic-embed-text", run: true };
    const both = await run(job("llama3.2:3b", { embeddings }));
    expect(both.log).toContain('"llama3.2:3b" is on the volume.');
    expect(both.status).toBe(0);
    expect(await downloads()).toBe("llama3.2:3b\nnomic-embed-text\n");
  });

  it("fails for a model that the registry does not have, and says where to find the names", async () => {
    const { status, log } = await run(job("lama3.2:3b"));
    expect(status).toBe(1);
    expect(log).toContain(
      '"lama3.2:3b" could not be downloaded: pull model manifest: file does not exist\n' +
        "The registry has no such model. https://ollama.com/library has the names, such as llama3.2:3b.",
    );
  });

  it("fails without a route to the registry, with the reason and a workaround", async () => {
    const services = { "ollama-pull": { environment: { HTTPS_PROXY: "none" } } };
    const { status, log } = await run(job("llama3.2:3b", { services }));
    expect(status).toBe(1);
    expect(log).toContain('Get "https://registry.ollama.ai/v2/": dial tcp: lookup registry.ollama.ai');
    expect(log).toContain("set services.ollama-pull.environment.HTTPS_PROXY");
  });

  it("fails with the server's own message if the server does not start", async () => {
    const services = { "ollama-pull": { environment: { OLLAMA_MODELS: "/dev/null/models" } } };
    const { status, log } = await run(job("llama3.2:3b", { services }));
    expect(status).toBe(1);
    expect(log).toContain("Not a directory: '/dev/null/models'");
    expect(log).toContain("ollama serve ended before it answered.");
  });
});

describe("the health check", () => {
  it("fails before the model is there, then succeeds, and fails if generation answers an error", async () => {
    const server = serviceOf(stack("llama3.2:3b"), "ollama");
    const name = await create(server);
    await docker("start", name);
    expect(await health(server, name)).toEqual({
      status: 1,
      said: `/api/generate answered HTTP/1.0 404 Not Found: {"error":"model 'llama3.2:3b' not found"}\n`,
    });
    await run(job("llama3.2:3b"));
    expect(await health(server, name)).toEqual({ status: 0, said: "" });
    await docker("exec", name, "touch", "/tmp/broken");
    const broken = await health(server, name);
    expect(broken.status).toBe(1);
    expect(broken.said).toContain("model requires more system memory");
  });

  it("asks an embedding model for a vector", async () => {
    const embeddings = { provider: "ollama", model: "nomic-embed-text", run: true };
    const spec = systemWith({ embeddings });
    const server = serviceOf(spec, "ollama");
    await run(spec.services.find((s) => s.name === "ollama-pull") as ServiceSpec);
    const name = await create(server);
    await docker("start", name);
    expect(await health(server, name)).toEqual({ status: 0, said: "" });
    const { stderr } = spawnSync("docker", ["logs", name], { encoding: "utf8" });
    expect(stderr).toContain("POST /api/embed");
  });

  it("fails if the server does not run", async () => {
    const server = serviceOf(stack("llama3.2:3b"), "ollama");
    const name = await create({ ...server, entrypoint: ["sleep", "60"] });
    await docker("start", name);
    const [, ...command] = server.healthcheck.test;
    const { status, stderr } = spawnSync("docker", ["exec", name, ...command], { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toContain("Connection refused");
  });
});

/** Returns the downloads that were made into the volume. */
async function downloads(): Promise<string> {
  const all = ["run", "--rm", "--network", "none", "-v", `${volume}:/data`, "--entrypoint", "cat", tag];
  return docker(...all, "/data/downloads");
}

/** Runs a service's health check in its container, once the server answers it. */
async function health(spec: ServiceSpec, name: string): Promise<{ status: number | null; said: string }> {
  if (!isLongRunning(spec)) throw new Error(`${spec.name} is a job`);
  const [, ...command] = spec.healthcheck.test;
  for (let tries = 1; ; tries++) {
    const { status, stdout, stderr } = spawnSync("docker", ["exec", name, ...command], { encoding: "utf8" });
    if (!stderr.includes("Connection refused") || tries === 50) return { status, said: stdout };
    await sleep(200);
  }
}
