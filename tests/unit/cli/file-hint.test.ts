/** Tests what messages add for a stack whose settings are in another file. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { fileHint, stackHint, useConfigFile } from "../../../cli/stack-file.ts";
import { projectDir } from "../../../host/paths.ts";

it("says how commands find the file, if a message has commands and the file is elsewhere", () => {
  const message = "It does not run. Start it: make up STACK=rag";
  expect(fileHint(message)).toBe("");
  useConfigFile(join(projectDir, "../my-rag/ragdock/Pulumi.rag.yaml"));
  const path = "../my-rag/ragdock/Pulumi.rag.yaml";
  const hint = `The settings are in ${path}: add CONFIG_FILE=${path} to make, and --config-file ${path} to pulumi and ragdock.`;
  expect(fileHint(message)).toBe(hint);
  expect(fileHint("Run: pulumi config set --stack rag ragdock:environment dev")).toBe(hint);
  expect(fileHint("The value is empty.")).toBe("");
});

it("says how commands name the stack, if an error has commands without it", () => {
  const hint = "Add STACK=rag to make, and --stack rag to ./ragdock.";
  const of = (message: string, stack = "rag"): string =>
    stackHint(stack, message, ["health", "up", "keys create"]);
  expect(of("See what is wrong: ./ragdock health")).toBe(hint);
  expect(of("Start it: make up STACK=rag\nCreate a key with ./ragdock keys create, and give it.")).toBe(hint);
  expect(of("Start it: make up STACK=rag")).toBe("");
  expect(of("See what is wrong: ./ragdock health", "dev")).toBe("");
  expect(of("The messages make upgrades hard.")).toBe("");
});

it("is printed once at the end of a command whose output has commands", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-hint-"));
  try {
    const file = join(folder, "Pulumi.rag.yaml");
    writeFileSync(file, "config: { ragdock:llm: { provider: openai } }\n");
    const args = ["--config-file", file, "secret", "--key", "llmApiKey", "--stack", "rag"];
    const { stdout, stderr } = await execa(process.execPath, ["cli/main.ts", ...args], {
      cwd: projectDir,
      input: "sk-canary",
      env: { DEPLOYER: "embedded", XDG_STATE_HOME: folder },
    });
    expect(stdout).toContain("make up STACK=rag passes it to its services.");
    const path = relative(projectDir, file);
    expect(stderr).toBe(
      `The settings are in ${path}: add CONFIG_FILE=${path} to make, and --config-file ${path} to pulumi and ragdock.`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
