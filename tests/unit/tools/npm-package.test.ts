/**
 * Packs the npm package, and uses it in a Pulumi program in another folder. Asks Pulumi's SDK for
 * the schema of plugin/. These tests do not prove that a deployment works: the components are those
 * that all other tests deploy. tests/pulumi/package.test.ts asks Pulumi's CLI.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectDir } from "../../../host/paths.ts";
import manifest from "../../../package.json" with { type: "json" };
import plugin from "../../../plugin/package.json" with { type: "json" };
import { RagService } from "../../../public/index.ts";
import { writePackage } from "../../../tools/npm-package.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-npm-"));
const modules = join(folder, "program/node_modules");
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program in the folder of the user's program. Returns both outputs. */
function run(program: string, ...args: string[]): string {
  const PATH = `${join(projectDir, "node_modules/.bin")}:${process.env.PATH}`;
  const options = { cwd: join(folder, "program"), encoding: "utf8", env: { ...process.env, PATH } } as const;
  try {
    return execFileSync(program, args, options);
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    return stdout + stderr;
  }
}

const write = (name: string, text: string): void => writeFileSync(join(folder, "program", name), text);

const program = `
import * as pulumi from "@pulumi/pulumi";
import { RagService } from "ragdock";

const made: string[] = [];
await pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs }) => {
      if (type.endsWith(":Container")) made.push(name);
      const build = type.endsWith(":RemoteImage") ? inputs.build : undefined;
      if (build) made.push(\`\${build.context} \${build.dockerfile}\`);
      return { id: name, state: { ...inputs, result: "secret", imageId: name, exitCode: 0, containerLogs: "" } };
    },
    call: () => ({}),
  },
  "shop",
  "dev",
);
const { urls } = new RagService("rag", { settings: JSON.parse(process.argv[2] ?? "{}") });
urls.apply((all) => console.log(JSON.stringify(all)));
await pulumi.runtime.disconnect();
console.log(made.sort().join("\\n"));
`;

beforeAll(async () => {
  await writePackage(join(folder, "package"));
  mkdirSync(join(modules, "ragdock"), { recursive: true });
  const packed = execFileSync("npm", ["pack", join(folder, "package"), "--silent"], {
    cwd: folder,
    encoding: "utf8",
  });
  execFileSync("tar", [
    "-xzf",
    join(folder, packed.trim()),
    "-C",
    join(modules, "ragdock"),
    "--strip-components=1",
  ]);
  // What npm would install: everything that the package declares, and nothing else.
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(modules, "ragdock/package.json"), "utf8"),
  );
  for (const name of [...Object.keys({ ...dependencies, ...peerDependencies }), "@types/node"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(projectDir, "node_modules", name), join(modules, name));
  }
  write("package.json", '{ "type": "module" }');
  write("program.ts", program);
}, 120_000);

describe("the npm package", () => {
  it("has no TypeScript but types, and no tests or commands", () => {
    const files = execFileSync("find", [join(modules, "ragdock"), "-name", "*.ts"], { encoding: "utf8" });
    const names = files.trim().split("\n");
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => !name.endsWith(".d.ts"))).toEqual([]);
    expect(names.filter((name) => /ragdock\/(cli|engine|tests|tools)\//.test(name))).toEqual([]);
  });

  it("has types that compile in a strict program and find mistakes", () => {
    const options = { strict: true, noEmit: true, module: "nodenext", target: "es2024", types: ["node"] };
    write(
      "tsconfig.json",
      JSON.stringify({ compilerOptions: { ...options, skipLibCheck: true }, include: ["*.ts"] }),
    );
    expect(run("tsc", "-p", ".")).toBe("");
    write("mistake.ts", 'import { RagService } from "ragdock";\nnew RagService("rag", { setings: {} });\n');
    write(
      "system.ts",
      'import type { OwnSystem } from "ragdock/system";\nexport default { name: 1 } satisfies OwnSystem;\n',
    );
    const said = run("tsc", "-p", ".");
    expect(said).toContain("mistake.ts(2,25): error TS2561");
    expect(said).toContain("system.ts(2,18)");
  }, 120_000);

  it("has types for the settings of Pulumi's template, too", () => {
    const template = { target: "es2020", module: "commonjs", moduleResolution: "node" };
    const newer = { ignoreDeprecations: "6.0", types: ["node"], skipLibCheck: true };
    write("old.ts", 'import "ragdock";\nimport type {} from "ragdock/system";\n');
    write(
      "tsconfig.json",
      JSON.stringify({
        compilerOptions: { ...template, ...newer, strict: true, noEmit: true },
        files: ["old.ts"],
      }),
    );
    expect(run("tsc", "-p", ".")).toBe("");
  }, 120_000);

  it("declares a system in another program, and builds from the package's folders", () => {
    const lines = run(process.execPath, "program.ts", '{ "system": "m31" }').trim().split("\n");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ web: "http://localhost:8000" });
    expect(lines).toContain("shop-dev-web");
    expect(lines).toContain("shop-dev-redis");
    expect(lines).toContain("node_modules/ragdock/systems/m31 Dockerfile");
  });

  it("refuses wrong settings with their setting and the allowed values", () => {
    const said = run(process.execPath, "program.ts", '{ "environment": "test" }');
    expect(said).toContain('ragdock:environment: found "test"');
  });

  it("accepts a system of the program, by its absolute path", () => {
    const system = join(folder, "program/acme.js");
    write(
      "acme.js",
      `import { redis } from "ragdock/system";
       export default { name: "acme", about: "Acme.", modules: [redis()] };`,
    );
    const said = run(process.execPath, "program.ts", JSON.stringify({ system }));
    expect(said.split("\n")).toContain("shop-dev-redis");
  });
});

describe("the plugin of Pulumi's packages", () => {
  it("has the version of the project", () => expect(plugin.version).toBe(manifest.version));

  it("has a schema with the inputs and outputs of the component", async () => {
    const require = createRequire(import.meta.url);
    const { ComponentProvider } = require("@pulumi/pulumi/provider/experimental/provider.js");
    const dirname = join(projectDir, "plugin");
    const provider = new ComponentProvider({ name: "ragdock", dirname, components: [RagService] });
    const { resources } = JSON.parse(await provider.getSchema());
    expect(Object.keys(resources)).toEqual(["ragdock:index:RagService"]);
    const { inputProperties, required, isComponent } = resources["ragdock:index:RagService"];
    expect(isComponent).toBe(true);
    expect(Object.keys(inputProperties)).toEqual(["settings", "secrets", "baseImage"]);
    expect(required).toEqual(["images", "urls"]);
  }, 120_000);
});
