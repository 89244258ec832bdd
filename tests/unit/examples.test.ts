/**
 * Resolves the stack files in examples/ as the CLI does. These tests do not prove that the stacks
 * start.
 */
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readStackFile, useConfigFile } from "../../cli/stack-file.ts";
import { resolveSystem } from "../../config/resolve.ts";
import { readSettings } from "../../config/settings/read.ts";
import { longRunning, publishedPorts, type SystemSpec } from "../../config/spec/service.ts";
import { projectDir } from "../../host/paths.ts";

/** The keys that an example's README sets. */
const keysOf = (readme: string): string[] => [...readme.matchAll(/KEY=(\w+)/g)].map(([, key = ""]) => key);

const examples = globSync("examples/*/Pulumi.*.yaml", { cwd: projectDir }).map((file) => ({
  file,
  stack: basename(file).split(".")[1] ?? "",
  readme: readFileSync(join(projectDir, dirname(file), "README.md"), "utf8"),
}));

function resolved({ file, stack, readme }: (typeof examples)[number]): SystemSpec {
  useConfigFile(join(projectDir, file));
  const { values } = readStackFile(stack);
  const secrets = new Set(keysOf(readme));
  return resolveSystem(readSettings(values, "ragdock"), { project: "ragdock", stack, secrets, host: {} });
}

const example = (stack: string) => {
  const found = examples.find((one) => one.stack === stack);
  if (!found) throw new Error(`no example has the stack ${stack}`);
  return found;
};

const portsOf = (system: SystemSpec): number[] =>
  longRunning(system.services).flatMap((s) => publishedPorts(s).map(({ host }) => host));

describe.each(examples)("$file", (one) => {
  it("is valid", () => expect(resolved(one).services.length).toBeGreaterThan(10));

  it("is described in a README with the start command", () => {
    expect(one.readme).toContain(`cp ${one.file} .`);
    expect(one.readme).toContain(`make up STACK=${one.stack}`);
  });
});

describe("the examples", () => {
  it("are all in the list of the README", () => {
    const list = readFileSync(join(projectDir, "examples", "README.md"), "utf8");
    const folders = examples.map(({ file }) => basename(dirname(file)));
    expect(folders.length).toBe(5);
    for (const folder of folders) expect(list).toContain(`[${folder}](${folder})`);
  });

  it("use different ports in dev, so that they can run together", () => {
    const ports = ["notes", "openai", "words", "questions"].flatMap((stack) =>
      portsOf(resolved(example(stack))),
    );
    expect(new Set(ports).size).toBe(ports.length);
  });

  it("run the application of the fixtures in place of the reference application", () => {
    const { services, urls } = resolved(example("notes"));
    expect(services.map(({ name }) => name)).not.toContain("worker");
    expect(urls.api).toBe("http://localhost:8090");
  });

  it("refuse openai without its keys", () => {
    const keyless = { ...example("openai"), readme: "" };
    expect(() => resolved(keyless)).toThrow("ragdock:llmApiKey");
  });

  it("publish only the ingress on a remote host, on its loopback", () => {
    const { services } = resolved(example("remote"));
    const published = longRunning(services).flatMap((s) =>
      publishedPorts(s).map(({ exposure }) => `${s.name} ${exposure}`),
    );
    expect(published).toEqual(["ingress loopback"]);
  });
});
