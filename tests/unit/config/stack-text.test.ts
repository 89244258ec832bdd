import { describe, expect, it } from "vitest";
import { readSettings } from "../../../config/settings/read.ts";
import { readStackText } from "../../../config/settings/stack-text.ts";
import { requireStackName } from "../../../config/spec/stack.ts";
import { problems } from "./problems.ts";

const read = (text: string) => readStackText(text, "Pulumi.t.yaml", "ragdock");
const settingsOf = (text: string) => readSettings(read(text).values, "ragdock");

describe("the text of a stack's file", () => {
  it.each([
    ["confg:\n  a: 1\n", 'has the key "confg"'],
    ["ragdock:images: packages\n", 'has the key "ragdock:images"'],
    ["config:\n  - a\n", "must have the settings below `config`"],
    ["config: hello\n", "must have the settings below `config`"],
    ["hello\n", "must have the key `config`"],
    ["config:\n\tragdock:images: packages\n", "Pulumi.t.yaml, line 2: Tabs are not allowed"],
    ["config:\n  a: 1\n  a: 2\n", "Pulumi.t.yaml, line 3: Map keys must be unique"],
    ["config:\n  a: {b: c\n", "Pulumi.t.yaml, line 3: "],
    ["config:\n  services: {}\n  ragdock:services: {}\n", "has ragdock:services twice"],
  ])("%j is refused with its place and the reason", (text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ name: "Failure" }));
    expect(() => read(text)).toThrow(message);
  });

  it.each(["", "# nothing yet\n", "config:\n", "config: {}\n"])("%j has no settings", (text) => {
    expect(read(text)).toEqual({ values: {}, encrypted: [] });
  });

  it("may name a setting of the project without `ragdock:`, as in Pulumi's own files", () => {
    expect(settingsOf("config:\n  services:\n    api: {replicas: 2}\n")).toEqual({
      services: { api: { replicas: 2 } },
    });
  });

  it("may merge an anchor", () => {
    const text =
      "config:\n  services:\n    worker: &a {limits: {memory: 1GiB}}\n    api: {<<: *a, replicas: 2}\n";
    expect(settingsOf(text)).toEqual({
      services: { worker: { limits: { memory: "1GiB" } }, api: { limits: { memory: "1GiB" }, replicas: 2 } },
    });
  });

  it("may have empty blocks, which count as unset", () => {
    const text = "config:\n  llm:\n  services:\n    api:\n    worker: {limits: }\n";
    expect(settingsOf(text)).toEqual({ services: { worker: {} } });
  });

  it("keeps the settings of other known packages separate", () => {
    expect(settingsOf("config:\n  docker:host: ssh://a\n  pulumi:disable-default-providers: []\n")).toEqual(
      {},
    );
  });
});

describe("a setting of an unknown package", () => {
  it("is refused with the probable name", () => {
    expect(problems(settingsOf("config:\n  ragdok:services: {}\n"))).toEqual([
      {
        path: "ragdok:services",
        found: "a setting of ragdok",
        problem: "this program uses only the packages ragdock, docker, random, pulumi",
        fix: "Rename it to ragdock:services.",
      },
    ]);
  });
});

describe("the fix of a wrong value", () => {
  it.each([
    [{ port: "80" }, "must be a number", "api.port' 80"],
    [{ enabled: "no" }, "must be true or false", "api.enabled' false"],
    [{ limits: { memory: "1g" } }, "such as 512MiB", "api.limits.memory' 1GiB"],
    [{ soak: "5 min" }, "such as 30s", "api.soak' 5m"],
    [{ exposure: "loopbak" }, "must be one of none, loopback, public", "api.exposure' loopback"],
    [{ replicas: 99 }, "must be at most 32", "api.replicas' 32"],
    [{ limits: { cpus: true } }, "must be a number", "Correct the value of services.api.limits.cpus."],
    [{ limits: { cpus: [2] } }, "must be a number", "api.limits.cpus' 2"],
    [{ replica: 2 }, "Ragdock would ignore it", "Rename it to replicas:"],
    [{ files: "/.env" }, "must be a list", "Correct the value of services.api.files."],
  ])("%j works", (api, message, fix) => {
    const [problem] = problems({ services: { api } });
    expect(problem?.problem).toContain(message);
    expect(problem?.fix).toContain(fix);
  });

  it("takes a fraction that Pulumi keeps as text", () => {
    expect(problems({ services: { api: { limits: { cpus: "0.5" } } } })).toEqual([]);
  });
});

describe("the name of a stack", () => {
  it.each(["dev", "e2e-finance-prod", "Team_1.eu"])("%j is accepted", (name) => {
    expect(() => requireStackName(name)).not.toThrow();
  });

  it.each([
    ["My Stack", "My-Stack"],
    ["-x", "x"],
    ["..", "dev"],
    ["", "dev"],
    ["a".repeat(25), "a".repeat(24)],
  ])("%j is refused, and the error has a name that works", (name, usable) => {
    expect(() => requireStackName(name)).toThrow(`"${name}" cannot be the name of a stack.`);
    try {
      requireStackName(name);
    } catch (error) {
      expect((error as { advice: string }).advice).toContain(`For example: ${usable}`);
    }
    expect(() => requireStackName(usable)).not.toThrow();
  });
});
