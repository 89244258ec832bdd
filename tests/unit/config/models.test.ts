/**
 * Tests the models that a stack uses, their addresses, and the settings that are refused.
 * tests/systems proves that a provider answers.
 */
import { describe, expect, it } from "vitest";
import { chooseModels, modelProblems, modelServices } from "../../../config/services/models.ts";
import { settings } from "../../../config/settings/schema.ts";
import { toPulumi } from "../../support/reader.ts";

const ollama = [{ runs: { provider: "ollama", baseUrl: "http://ollama:11434/v1" } }];
const none = new Set<string>();

/** The models of these settings in a stack with these modules. */
const models = (raw: Record<string, unknown>, runners: typeof ollama = []) =>
  chooseModels(settings.parse(raw), none, undefined, runners);

const problems = (raw: Record<string, unknown>, runners: typeof ollama = []) =>
  modelProblems(models(raw, runners), none, runners).map(({ path, fix }) => ({ path, fix: toPulumi(fix) }));

describe("a provider without a public address", () => {
  it.each(["ollama", "vllm"])(
    "needs a baseUrl for %s, and the error has the command that sets it",
    (provider) => {
      expect(problems({ llm: { provider, model: "m" } })).toEqual([
        {
          path: "ragdock:llm.provider",
          fix: "Run: pulumi config set --path 'ragdock:llm.baseUrl' http://models.example.com:8000/v1",
        },
      ]);
      expect(problems({ llm: { provider, baseUrl: "http://gpu.example.com/v1" } })).toEqual([]);
    },
  );

  it("can run in a stack that has a module for it, and the error names that fix first", () => {
    const [found] = problems({ embeddings: { provider: "ollama" } }, ollama);
    expect(found?.path).toBe("ragdock:embeddings.provider");
    expect(found?.fix).toContain("Run: pulumi config set --path 'ragdock:embeddings.run' true; or name");
    expect(problems({ embeddings: { provider: "ollama", run: true } }, ollama)).toEqual([]);
  });
});

describe("run", () => {
  it("gives the application the address of the stack's own model service, and makes it wait for that service", () => {
    const own = models({ llm: { provider: "ollama", model: "llama3.2:3b", run: true } }, ollama);
    expect(own.llm.baseUrl).toBe("http://ollama:11434/v1");
    expect(modelServices(own)).toEqual(["ollama"]);
  });

  it("adds no dependency if the provider runs elsewhere", () =>
    expect(modelServices(models({ llm: { provider: "ollama", baseUrl: "http://gpu/v1" } }, ollama))).toEqual(
      [],
    ));

  it.each([
    ["vllm", ollama, "llm.provider' ollama; or: pulumi config rm --path 'ragdock:llm.run' and"],
    [
      "vllm",
      [],
      "Run: pulumi config rm --path 'ragdock:llm.run' and pulumi config set --path 'ragdock:llm.b",
    ],
    ["none", ollama, "Run: pulumi config set --path 'ragdock:llm.provider' ollama; or: pulumi config rm"],
    ["openai", [], "Run: pulumi config rm --path 'ragdock:llm.run'"],
  ])("is refused for %s, which no module runs", (provider, runners, fix) => {
    const found = problems({ llm: { provider, run: true } }, runners).filter((p) => p.path.endsWith(".run"));
    expect(found).toHaveLength(1);
    expect(found[0]?.fix).toContain(fix);
  });

  it("is refused together with another address, because the service would have no client", () => {
    const llm = { provider: "ollama", model: "m", run: true, baseUrl: "http://gpu.example.com/v1" };
    const fix =
      "pulumi config rm --path 'ragdock:llm.baseUrl'; or: pulumi config rm --path 'ragdock:llm.run'";
    expect(problems({ llm }, ollama)).toEqual([{ path: "ragdock:llm.baseUrl", fix: `Run: ${fix}` }]);
  });
});
