/**
 * Publishes the npm package to a registry on this host, installs it by name in the project of
 * somebody else, and deploys that project with the real Pulumi CLI. The project has the settings of
 * Pulumi's template for TypeScript. These tests do not prove `images: registry`, or that npm's own
 * registry takes the package.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBaseImage } from "../../host/base-image.ts";
import { writePackage } from "../../tools/npm-package.ts";
import { NpmRegistry } from "../support/npm-registry.ts";
import { unwatchedIn } from "../support/program.ts";
import { CliStack, missingCommands } from "./cli.ts";
import { deploysAndLeaves, removeObjects } from "./objects.ts";

const run = promisify(execFile);
const NAME = "pulumipackage";
const PORT = 18_750;
const folder = mkdtempSync(join(tmpdir(), "ragdock-stranger-"));
const project = join(folder, "shop");

const program = (baseImage: string): string => `import { RagService } from "ragdock";

const rag = new RagService("rag", {
  settings: {
    system: "m31",
    images: "packages",
    services: ${JSON.stringify({ web: { port: PORT }, ...unwatchedIn("m31") })},
  },
  baseImage: "${baseImage}",
});
export const urls = rag.urls;
`;

/** The project that Pulumi's template makes. */
const files = {
  "Pulumi.yaml": "name: shop\nruntime:\n  name: nodejs\n  options:\n    packagemanager: npm\n",
  "package.json": JSON.stringify({
    name: "shop",
    main: "index.ts",
    devDependencies: { "@types/node": "^24", typescript: "^5.0.0" },
    dependencies: { "@pulumi/pulumi": "^3.113.0" },
  }),
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      ...{ strict: true, outDir: "bin", target: "es2020", module: "commonjs", moduleResolution: "node" },
      ...{ sourceMap: true, experimentalDecorators: true, pretty: true, noFallthroughCasesInSwitch: true },
      ...{ noImplicitReturns: true, forceConsistentCasingInFileNames: true },
    },
    files: ["index.ts"],
  }),
};

describe.skipIf(missingCommands().length > 0)("the package from an npm registry", () => {
  let stack: CliStack;
  let registry: NpmRegistry;
  beforeAll(async () => {
    const { stdout } = await run("npm", ["config", "get", "registry"], { cwd: folder });
    registry = new NpmRegistry(PORT + 1, stdout.trim());
    await registry.start();
    mkdirSync(project);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
    writeFileSync(join(project, "index.ts"), program(await ensureBaseImage()));
    await writePackage(join(folder, "package"));
    for (const one of ["package", "shop"]) writeFileSync(join(folder, one, ".npmrc"), registry.npmrc);
    stack = new CliStack(NAME, project);
    stack.configure({});
  });
  afterAll(async () => {
    await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    await removeObjects(`shop-${NAME}`);
    stack.remove();
    await registry.stop();
    rmSync(folder, { recursive: true });
  });

  test("is published, and installed by its name", async () => {
    await run("npm", ["publish"], { cwd: join(folder, "package") });
    await run("npm", ["install", "ragdock", "--no-audit", "--no-fund"], { cwd: project, maxBuffer: 2 ** 26 });
    const made = await stack.pulumi("stack", "init", NAME);
    expect(made.code, made.output).toBe(0);
  });

  deploysAndLeaves({ stack: () => stack, name: `shop-${NAME}`, port: PORT });
});
