/**
 * Loads a system from outside of the checkout under the real Pulumi CLI, and asks the CLI for the
 * schema of plugin/. These tests do not prove that the SDK of another language deploys it.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CliStack, missingCommands, projectDir } from "./cli.ts";

const name = "pulumioutside";

describe.skipIf(missingCommands().length > 0)("the real Pulumi CLI", () => {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-own-system-"));
  let stack: CliStack;
  beforeAll(async () => {
    cpSync(join(projectDir, "examples/own-system"), folder, { recursive: true });
    stack = new CliStack(name);
    stack.configure({ system: join(folder, "system.ts"), images: "packages" });
    const made = await stack.pulumi("stack", "init", name);
    expect(made.code, made.output).toBe(0);
  });
  afterAll(() => {
    stack.remove();
    rmSync(folder, { recursive: true });
  });

  test("previews a system from outside of the checkout", async () => {
    const { code, stdout, output } = await stack.pulumi("preview", "--json");
    expect(code, output).toBe(0);
    const { steps } = JSON.parse(stdout) as { readonly steps: readonly { readonly urn: string }[] };
    const names = steps.map(({ urn }) => urn.split("::").at(-1));
    expect(names).toContain(`ragdock-${name}-web`);
    expect(names).toContain(`ragdock-${name}-image-questions-web`);
  });

  test("ends with one message and no stack trace if the file is gone", async () => {
    stack.configure({ system: join(folder, "gone.ts") });
    const { code, output } = await stack.pulumi("preview");
    expect(code).not.toBe(0);
    expect(output).toContain(`there is no file ${join(folder, "gone.ts")}`);
    expect(output).not.toMatch(/^\s+at /m);
  });

  test("gets the schema of the component from plugin/", async () => {
    const plugin = new CliStack(name, join(projectDir, "plugin"));
    const { code, stdout, output } = await plugin.pulumi("package", "get-schema", ".");
    plugin.remove();
    expect(code, output).toBe(0);
    expect(Object.keys(JSON.parse(stdout).resources)).toEqual(["ragdock:index:RagService"]);
  });
});
