import { describe, expect, it } from "vitest";
import { resolveSystem } from "../../../config/resolve.ts";
import { refusalOf } from "../../support/reader.ts";
import { facts, problems } from "./problems.ts";

describe("a wrong setting", () => {
  it.each([
    [{ sistem: "full" }, "ragdock:sistem"],
    [{ system: "foo" }, "ragdock:system"],
    [{ images: "docker" }, "ragdock:images"],
    [{ services: { api: { replica: 2 } } }, "ragdock:services.api.replica"],
    [{ services: { api: { replicas: 0 } } }, "ragdock:services.api.replicas"],
    [{ services: { apy: { replicas: 2 } } }, "ragdock:services.apy"],
    [{ services: { api: { limits: { memory: "512" } } } }, "ragdock:services.api.limits.memory"],
    [{ services: { api: { limits: { memory: "1KiB" } } } }, "ragdock:services.api.limits.memory"],
    [{ services: { postgres: { replicas: 2 } } }, "ragdock:services.postgres.replicas"],
    [{ services: { postgres: { exposure: "public" } } }, "ragdock:services.postgres.exposure"],
    [{ services: { postgres: { shm: "16MiB" } } }, "ragdock:services.postgres.shm"],
    [{ services: { ingress: { replicas: 2 } } }, "ragdock:services.ingress.replicas"],
    [{ services: { gateway: { port: 9090 } } }, "ragdock:services.prometheus.port"],
    [{ services: { api: { replicas: 30 } } }, "ragdock:services.api.replicas"],
    [{ services: { api: { limits: { reservation: "4GiB" } } } }, "ragdock:services.api.limits.reservation"],
    [{ llm: { provider: "openai" } }, "ragdock:llmApiKey"],
    [{ embeddings: { provider: "mistral" } }, "ragdock:embeddingsApiKey"],
    [{ environment: "prod", services: { api: { sourceMount: true } } }, "ragdock:services.api.sourceMount"],
    [{ app: {} }, "ragdock:app"],
    [{ app: { source: "no/such/folder" } }, "ragdock:app.source"],
    [{ app: { source: "docs" } }, "ragdock:app.source"],
    [{ system: "m31", app: { source: "tests/support/fixtures/flask-app" } }, "ragdock:app"],
    [{ system: "m31", vectorStore: "chroma" }, "ragdock:vectorStore"],
    [{ vectorStore: "embedded" }, "ragdock:vectorStore"],
    [{ system: "myrag", monitoring: { alertWebhook: "http://a/" } }, "ragdock:monitoring.alertWebhook"],
    [{ system: "myrag", embeddings: { dimension: 512 } }, "ragdock:embeddings.dimension"],
    [{ app: { image: "mine:1.0", module: "main:app" } }, "ragdock:app.module"],
    [{ app: { image: "mine:1.0", capabilities: ["SYS_ADMIN"] } }, "ragdock:app.capabilities[0]"],
    [{ host: { memory: "1GiB" } }, "ragdock:services.*.limits.memory"],
    [
      { system: "m31", services: { web: { port: 9000 }, prometheus: { exposure: "loopback", port: 9000 } } },
      "ragdock:services.prometheus.port",
    ],
    [
      { system: "m31", services: { gateway: { limits: { memory: "64" } } } },
      "ragdock:services.gateway.limits.memory",
    ],
    [
      { services: { redis: { files: [{ path: "/etc/redis/redis.conf", content: "" }] } } },
      "ragdock:services.redis.files[0].path",
    ],
    [
      { services: { api: { files: [{ path: "/.env", content: "{{ secret:redis-password }}" }] } } },
      "ragdock:services.api.files[0].content",
    ],
    [
      {
        services: {
          api: {
            files: [{ path: "/.env", content: "postgresql://rag:{{secret:postgres-password}}@postgres/rag" }],
          },
        },
      },
      "ragdock:services.api.files[0].content",
    ],
    [
      {
        services: {
          api: { files: [{ path: "/.env", content: "redis://:{{secret:redis-password}}@redis" }] },
        },
      },
      "ragdock:services.api.files[0].content",
    ],
    [{ rotations: { postgres: 0 } }, "ragdock:rotations.postgres"],
    [{ rotations: { "postgres-owner": 2 } }, "ragdock:rotations.postgres-owner"],
    [{ system: "m31", rotations: { postgres: 2 } }, "ragdock:rotations.postgres"],
    [{ system: "mnemolite", monitoring: { retention: "1d" } }, "ragdock:monitoring"],
    [
      { system: "financerag", services: { financerag: { replicas: 2 } } },
      "ragdock:services.financerag.replicas",
    ],
    [{ system: "rag-events", environment: "prod" }, "ragdock:mistralApiKey"],
    [{ system: "financerag", environment: "prod" }, "ragdock:openaiApiKey"],
    [
      { services: { api: { files: [{ path: "/.env", content: "{{secret:postgres}}" }] } } },
      "ragdock:services.api.files[0].content",
    ],
    [{ environment: "prod", services: { api: { port: 9000 } } }, "ragdock:services.api.port"],
    [{ services: { postgres: { port: 5433 } } }, "ragdock:services.postgres.port"],
    [{ services: { prometheus: { exposure: "none", port: 9091 } } }, "ragdock:services.prometheus.port"],
    [{ services: { migrate: { replicas: 2 } } }, "ragdock:services.migrate.replicas"],
    [{ services: { postgres: { sourceMount: true } } }, "ragdock:services.postgres.sourceMount"],
    [{ services: { redis: { enabled: false } } }, "ragdock:services.redis.enabled"],
    [{ services: { api: { environment: { RAG_API_WORKERS: "20" } } } }, "ragdock:services.api.replicas"],
  ])("%j is reported with its path, its value and a fix", (raw, path) => {
    const found = problems(raw);
    expect(found.map((p) => p.path)).toContain(path);
    for (const problem of found) {
      expect(problem.found).not.toBe("");
      expect(problem.problem).not.toBe("");
      expect(problem.fix).not.toBe("");
    }
  });

  it.each([
    "file:///etc/passwd",
    "gopher://redis:6379/_FLUSHALL",
    "unix:///var/run/docker.sock",
    "redis:6379",
  ])("is an address without HTTP: %s", (address) => {
    const ingress = { domain: "rag.example.org", tls: "acme", acmeServer: address };
    const signIn = { issuer: address, clientId: "a", allow: { domains: ["example.org"] } };
    for (const [path, raw] of [
      ["llm.baseUrl", { llm: { provider: "vllm", baseUrl: address } }],
      ["embeddings.baseUrl", { embeddings: { provider: "vllm", baseUrl: address } }],
      ["monitoring.alertWebhook", { monitoring: { alertWebhook: address } }],
      ["ingress.acmeServer", { ingress }],
      ["ingress.signIn", { ingress: { tls: "internal", signIn } }],
    ] as const)
      expect(problems(raw)[0]?.path).toContain(`ragdock:${path}`);
  });

  it("does not hide another wrong setting", () => {
    const paths = problems({
      images: "docker",
      vectorStore: "faiss",
      services: { api: { replicas: 0 }, gateway: { port: 9090 } },
    }).map((p) => p.path);
    expect(paths).toEqual([
      "ragdock:images",
      "ragdock:vectorStore",
      "ragdock:services.api.replicas",
      // This value is valid alone. It conflicts with others after the wrong values are removed.
      "ragdock:services.prometheus.port",
    ]);
  });

  it("is reported with a command for its stack, even if another stack is selected", async () => {
    expect(
      await refusalOf(() => resolveSystem({ services: { api: { replicas: 0 } } }, facts), "test"),
    ).toContain("Run: pulumi config set --stack test --path 'ragdock:services.api.replicas' 1");
    expect(
      await refusalOf(() => resolveSystem({ services: { apy: { replicas: 2 } } }, facts), "test"),
    ).toContain("Run: pulumi config rm --stack test --path 'ragdock:services.apy'");
    expect(await refusalOf(() => resolveSystem({ llm: { provider: "openai" } }, facts), "test")).toContain(
      "Run: pulumi config set --stack test --secret ragdock:llmApiKey",
    );
  });

  it("is reported if Ragdock would show an encrypted value", () => {
    const raw = { monitoring: { alertWebhook: "https://hooks/secret", retentoin: "secret" } };
    expect(() => resolveSystem(raw, { ...facts, secrets: new Set(["monitoring", "llmApiKey"]) })).toThrow(
      "ragdock:monitoring: found an encrypted value; only llmApiKey, ",
    );
    expect(problems(raw, { secrets: new Set(["monitoring"]) }).map((p) => p.path)).toEqual([
      "ragdock:monitoring",
    ]);
  });

  it("is reported for a limit that exceeds the host", () => {
    expect(problems({}, { host: { memoryMiB: 1024 } }).map((p) => p.path)).toEqual([
      "ragdock:services.*.limits.memory",
    ]);
    expect(problems({ environment: "prod" }, { host: { cpus: 1 } }).map((p) => p.path)).toEqual([
      "ragdock:services.postgres.limits.cpus",
    ]);
  });

  it("is no longer reported once the key is set", () => {
    expect(problems({ llm: { provider: "openai" } }, { secrets: new Set(["llmApiKey"]) })).toEqual([]);
  });
});
