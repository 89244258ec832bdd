/**
 * Adds plugin/ to a Pulumi program in Python, as the guide says, and deploys the program with the SDK
 * that Pulumi generates. Runs if the CLI and its language hosts for Node and Python are on PATH. It
 * does not prove the SDKs of other languages.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBaseImage } from "../../host/base-image.ts";
import { unwatchedIn } from "../support/program.ts";
import { CliStack, missingCommands, projectDir } from "./cli.ts";
import { deploysAndLeaves, removeObjects } from "./objects.ts";

const NAME = "pulumipython";
const PORT = 18_760;
const folder = mkdtempSync(join(tmpdir(), "ragdock-python-"));

const program = (baseImage: string): string => `import json
import pulumi
from pulumi_ragdock import RagService

settings = json.loads('''${JSON.stringify({
  system: "m31",
  images: "packages",
  services: { web: { port: PORT }, ...unwatchedIn("m31") },
})}''')
rag = RagService("rag", settings=settings, base_image="${baseImage}")
pulumi.export("urls", rag.urls)
`;

const missing = missingCommands("pulumi-language-python", "pulumi-language-python-exec");

describe.skipIf(missing.length > 0)("a Pulumi program in Python", () => {
  let stack: CliStack;
  beforeAll(async () => {
    const runtime = "runtime:\n  name: python\n  options:\n    toolchain: pip\n    virtualenv: venv\n";
    writeFileSync(join(folder, "Pulumi.yaml"), `name: shop\n${runtime}`);
    writeFileSync(join(folder, "requirements.txt"), "pulumi>=3.0.0,<4.0.0\n");
    writeFileSync(join(folder, "__main__.py"), program(await ensureBaseImage()));
    stack = new CliStack(NAME, folder);
    stack.configure({});
    const made = await stack.pulumi("stack", "init", NAME);
    expect(made.code, made.output).toBe(0);
  });
  afterAll(async () => {
    await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    await removeObjects(`shop-${NAME}`);
    stack.remove();
    rmSync(folder, { recursive: true });
  });

  test("gets an SDK of the component", async () => {
    for (const args of [["install"], ["package", "add", join(projectDir, "plugin")]]) {
      const [command = "", ...rest] = args;
      const { code, output } = await stack.pulumi(command, ...rest);
      expect(code, output).toBe(0);
    }
  });

  deploysAndLeaves({ stack: () => stack, name: `shop-${NAME}`, port: PORT });
});
