/** Tests what messages add for a stack whose settings are elsewhere. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { fileHint, useConfigFile } from "../../../cli/stack-file.ts";
import { projectDir } from "../../../host/paths.ts";

it("says how commands find the file, if a message has commands and the file is elsewhere", () => {
  const message = "It does not run. Start it: make up STACK=rag";
  expect(fileHint(message)).toBe("");
  useConfigFile(join(projectDir, "../my-rag/ragdock/Pulumi.rag.yaml"));
  const path = "../my-rag/ragdock/Pulumi.rag.yaml";
  const hint = `The settings are in ${path}: add CONFIG_FILE=${path} to make, and --config-file ${path} to pulumi.`;
  expect(fileHint(message)).toBe(hint);
  expect(fileHint("Run: pulumi config set --stack rag ragdock:environment dev")).toBe(hint);
  expect(fileHint("The value is empty.")).toBe("");
});
