/**
 * Tests the stack's own Ollama as plain data. tests/images/ollama.test.ts runs its job and health
 * check in a container.
 */
import { describe, expect, it } from "vitest";
import { type Facts, resolveSystem } from "../../../config/resolve.ts";
import { modelMemory } from "../../../config/services/ollama.ts";
import { ConfigError } from "../../../config/settings/problem.ts";
import type { Problem } from "../../../config/spec/problem.ts";
import type { ServiceSpec, SystemSpec } from "../../../config/spec/service.ts";
import { renderPrometheus, renderRules } from "../../../monitoring/index.ts";
import { facts, serviceOf, systemWith } from "../../support/program.ts";
import { toPulumi } from "../../support/reader.ts";

type Raw = Record<string, unknown>;

const llm = { provider: "ollama", model: "llama3.2:3b", run: true };
const withModel = (model: string, more: Raw = {}): Raw => ({ llm: { ...llm, model }, ...more });

function problems(raw: Raw, over: Partial<Facts> = {}): readonly Problem[] {
  try {
    resolveSystem(raw, { ...facts, ...over });
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((one) => ({ ...one, fix: toPulumi(one.fix) }));
    throw error;
  }
  return [];
}

function job(system: SystemSpec): ServiceSpec {
  const found = system.services.find(({ name }) => name === "ollama-pull");
  if (!found) throw new Error("there is no ollama-pull");
  return found;
}

describe("a stack that runs its model", () => {
  const system = systemWith({ llm });
  const server = serviceOf(system, "ollama");

  it("has a server and a job that share the volume with the models", () => {
    expect(job(system).volumes).toEqual(server.volumes);
    expect(server.volumes).toEqual([{ volume: "ollama-models", path: "/root/.ollama" }]);
    expect(job(system)).toMatchObject({ kind: "job", timeout: "4h" });
  });

  it("downloads the model before the server starts, which is healthy only with the model", () => {
    expect(server.dependsOn).toEqual(["ollama-pull"]);
    expect(job(system).dependsOn).toEqual([]);
  });

  it("downloads over a network with a route out, and answers on an internal network", () => {
    const [out, inside] = [job(system).networks, server.networks];
    expect(out.map((name) => system.networks[name]?.internal)).toEqual([false]);
    expect(inside.map((name) => system.networks[name]?.internal)).not.toContain(false);
    for (const name of ["api", "worker"])
      expect(serviceOf(system, name).networks).toEqual(expect.arrayContaining([...inside]));
  });

  it("gives the application the model's address, and makes it wait for the model", () => {
    for (const name of ["api", "worker"]) {
      expect(serviceOf(system, name).environment).toMatchObject({
        RAG_LLM_PROVIDER: "ollama",
        RAG_LLM_MODEL: "llama3.2:3b",
        RAG_LLM_BASE_URL: "http://ollama:11434/v1",
      });
      expect(serviceOf(system, name).dependsOn).toContain("ollama");
    }
  });

  it("makes the user's own application wait, too", () => {
    const own = systemWith({ llm, app: { image: "mine:1.0" } });
    expect(serviceOf(own, "api").dependsOn).toContain("ollama");
  });

  it("publishes the model's port only if the settings ask for it", () => {
    expect(systemWith({ llm }).urls).not.toHaveProperty("ollama");
    const asked = systemWith({ llm, services: { ollama: { exposure: "loopback", port: 11500 } } });
    expect(asked.urls.ollama).toBe("http://localhost:11500");
  });

  it("gets an alert, a dashboard row and a memory limit for the server", () => {
    const prometheus = renderPrometheus(system.services, {
      project: "ragdock",
      stack: "test",
      target: "engine",
      scrapeInterval: "15s",
    });
    expect(JSON.stringify(prometheus)).toContain("http://ollama:11434/v1/models");
    expect(renderRules(system.services)).toContain("OllamaDown");
    expect(server.rows?.map(({ board, title }) => `${board} ${title}`)).toEqual(["rag Ollama"]);
  });

  it("gives the user's GPUs to the server, and none to the job", () => {
    expect(server.gpus).toBeUndefined();
    const gpus = systemWith({ llm, services: { ollama: { gpus: "all" } } });
    expect(serviceOf(gpus, "ollama").gpus).toBe("all");
    expect(job(gpus).gpus).toBeUndefined();
  });

  it("changes job and server with the model, and only the server with other settings", () => {
    const other = systemWith(withModel("llama3.2:1b"));
    expect(job(other)).not.toEqual(job(system));
    expect(serviceOf(other, "ollama").files).not.toEqual(server.files);
    const more = systemWith({
      llm,
      services: { ollama: { limits: { memory: "8GiB" } }, api: { replicas: 2 } },
    });
    expect(job(more)).toEqual(job(system));
  });

  it("also runs embedding models, and downloads and checks each model once", () => {
    const embeddings = { provider: "ollama", model: "nomic-embed-text", run: true };
    const both = systemWith({ llm, embeddings });
    const texts = [...job(both).files, ...serviceOf(both, "ollama").files].map(({ path, content }) => [
      path,
      content,
    ]);
    expect(Object.fromEntries(texts)).toMatchObject({
      "/etc/ragdock/models": '"llama3.2:3b"\n"nomic-embed-text"\n',
      "/etc/ragdock/questions":
        '/api/generate "done":true {"model":"llama3.2:3b","prompt":"Hi","stream":false,"options":{"num_predict":1}}\n' +
        '/api/embed "embeddings":[[ {"model":"nomic-embed-text","input":"Hi"}\n',
    });
    expect(serviceOf(both, "worker").networks).not.toContain("outside");
  });
});

describe("a stack without `run`", () => {
  it.each([{}, { llm: { provider: "ollama", model: "m", baseUrl: "http://gpu.example.com/v1" } }])(
    "has no Ollama with %j",
    (raw) => {
      const system = systemWith(raw);
      expect(system.services.filter(({ role }) => role === "model")).toEqual([]);
      expect(Object.keys(system.unavailable)).toEqual([]);
    },
  );

  it.each(["ollama", "vllm"])("is refused for %s without an address", (provider) =>
    expect(problems({ llm: { provider, model: "m" } }).map((p) => p.path)).toEqual(["ragdock:llm.provider"]),
  );
});

describe("is refused:", () => {
  it("a model without a name, which no job could download", () => {
    const found = problems({ llm: { provider: "ollama", run: true } });
    expect(found.map(({ path, fix }) => [path, fix])).toEqual([
      ["ragdock:llm.model", "Run: pulumi config set --path 'ragdock:llm.model' llama3.2:1b"],
    ]);
  });

  it("images from packages, unless the settings name an image", () => {
    const [found, ...others] = problems({ llm, images: "packages" });
    expect(others).toEqual([]);
    expect(found?.path).toBe("ragdock:llm.run");
    expect(found?.fix).toContain("'ragdock:pinned.ollama' ollama/ollama:");
    const pinned = systemWith({ llm, images: "packages", pinned: { ollama: "my/ollama:1" } });
    expect(pinned.services.map(({ name }) => name)).toContain("ollama-pull");
    expect(Object.keys(pinned.unavailable)).not.toContain("ollama");
  });

  it("a setting that removes the server or its job", () => {
    for (const name of ["ollama", "ollama-pull"])
      expect(problems({ llm, services: { [name]: { enabled: false } } }).map((p) => p.path)).toEqual([
        `ragdock:services.${name}.enabled`,
      ]);
  });

  it("a limit below what the model needs", () => {
    const services = { ollama: { limits: { memory: "2GiB" } } };
    expect(problems(withModel("llama3.1:8b", { services }))).toEqual([
      {
        path: "ragdock:services.ollama.limits.memory",
        found: "2GiB",
        problem: "llama3.1:8b needs about 5698 MiB",
        fix:
          "Run: pulumi config set --path 'ragdock:services.ollama.limits.memory' 5698MiB; " +
          "or take a smaller model: pulumi config set --path 'ragdock:llm.model' llama3.2:1b",
      },
    ]);
    const gpus = { ollama: { ...services.ollama, gpus: "all" } };
    expect(problems(withModel("llama3.1:8b", { services: gpus }))).toEqual([]);
  });

  it("a model that the host has no memory for", () => {
    const [found] = problems(withModel("llama3.3:70b"), { host: { memoryMiB: 16_384 } }).filter(
      ({ path }) => path === "ragdock:llm.model",
    );
    expect(found?.problem).toMatch(/^llama3\.3:70b needs about 4\d{4} MiB, but the host has 16384 MiB$/);
    expect(problems({ llm, host: { memory: "2GiB" } }).map((p) => p.path)).toContain("ragdock:llm.model");
  });
});

describe("the memory of a model", () => {
  it.each([
    // 4.9 GB and 43.1 GB on disk in llama.cpp's table, in MiB, and Ollama's additional memory.
    ["llama3.1:8b", 4.9e9],
    ["llama3.1:70b", 43.1e9],
    ["llama3.1:8b-instruct-fp16", 16.07e9],
    ["llama3.1:8b-instruct-q8_0", 8.54e9],
  ])("of %s is within a tenth of its file and a GiB", (name, bytes) => {
    const file = bytes / 2 ** 20;
    const needed = (modelMemory(name) ?? 0) - 1024;
    expect(Math.abs(needed - file) / file).toBeLessThan(0.1);
  });

  it.each(["llama3.2", "llama3.2:latest", "mixtral:8x7b", "gemma3n:e2b", "hf.co/me/model:Q4_K_M"])(
    "of %s is not known, and the model is not refused",
    (name) => {
      expect(modelMemory(name)).toBeUndefined();
      expect(problems(withModel(name, { services: { ollama: { limits: { memory: "256MiB" } } } }))).toEqual(
        [],
      );
    },
  );

  it.each([
    ["smollm2:135m", 1103],
    ["qwen2.5:0.5b", 1317],
  ])("of %s is %i MiB", (name, needed) => expect(modelMemory(name)).toBe(needed));

  it("is the server's memory limit, unless the user sets another one", () => {
    expect(serviceOf(systemWith(withModel("llama3.1:8b")), "ollama").limits.memory).toBe("5698MiB");
    expect(serviceOf(systemWith(withModel("llama3.2")), "ollama").limits.memory).toBe("4096MiB");
  });
});
