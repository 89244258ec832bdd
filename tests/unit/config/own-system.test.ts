/**
 * Tests systems from files and packages outside of the checkout. tests/slow/own-system.test.ts
 * brings one up. tests/pulumi/outside.test.ts loads one under the real CLI.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { explain } from "../../../config/explain.ts";
import { readSystem } from "../../../config/resolve.ts";
import { findSystem } from "../../../config/systems/find.ts";
import { projectDir } from "../../../host/paths.ts";
import { checkSystem } from "../../../public/testing.ts";
import { openInProd, serviceOf, systemWith } from "../../support/program.ts";
import { facts, problems } from "./problems.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-own-"));
afterAll(() => rmSync(folder, { recursive: true }));
cpSync(join(projectDir, "examples/own-system"), join(folder, "example"), { recursive: true });
const example = join(folder, "example/system.ts");

/** Writes a file into the temporary folder. Returns its path. */
function written(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The one problem of a system, as a line. */
function problemOf(system: string): string {
  const found = problems({ system });
  expect(found.map(({ path }) => path)).toEqual(["ragdock:system"]);
  return found.map((one) => `${one.problem} – ${one.fix}`).join();
}

const valid = `{ name: "mine", about: "Mine.", modules: [{ services: () => [] }] }`;

describe("a system outside of the checkout", () => {
  it("has the services that its file describes, and paths relative to the project", () => {
    const spec = systemWith({ system: example });
    expect(spec.name).toBe("questions");
    const web = serviceOf(spec, "web");
    const context = relative(projectDir, join(folder, "example/web"));
    expect(web.image).toMatchObject({ context, dockerfile: `${context}/Dockerfile` });
    expect(spec.services.map(({ name }) => name)).toContain("redis-credentials");
  });

  it("may be named relative to the checkout", () =>
    expect(systemWith({ system: relative(projectDir, example) }).name).toBe("questions"));

  it("may be a package in a folder above the checkout", () => {
    const above = join(folder, "above");
    const js = "export default ";
    written(
      "above/node_modules/@acme/rag/package.json",
      '{"name":"@acme/rag","type":"module","exports":"./a.js"}',
    );
    written("above/node_modules/@acme/rag/a.js", `import "ragdock/system";\n${js}${valid};\n`);
    for (const name of ["config", "policies", "public", "monitoring", "components", "package.json", "app"])
      cpSync(join(projectDir, name), join(above, "ragdock", name), { recursive: true });
    symlinkSync(join(projectDir, "node_modules"), join(above, "ragdock/node_modules"));
    const script = `import { findSystem } from "./config/systems/find.ts"; console.log(findSystem("@acme/rag").name);`;
    const args = ["--input-type=module", "-e", script];
    expect(execFileSync(process.execPath, args, { cwd: join(above, "ragdock"), encoding: "utf8" })).toBe(
      "mine\n",
    );
  });

  it("takes the settings of its services, and refuses those of others", () => {
    const services = { web: { replicas: 2 }, ui: { replicas: 2 } };
    expect(problems({ system: example, services }).map(({ path }) => path)).toEqual(["ragdock:services.ui"]);
    const spec = systemWith({ system: example, services: { web: { replicas: 2 } } });
    expect(serviceOf(spec, "web").replicas).toBe(2);
  });

  it("may not give two services the same name, nor that of a service which Ragdock adds", () => {
    const text = readFileSync(example, "utf8");
    cpSync(dirname(example), join(folder, "twice"), { recursive: true });
    const named = (name: string): string =>
      written(`twice/${name}.ts`, text.replaceAll('name: "web"', `name: "${name}"`));
    const about = (raw: Record<string, unknown>): string =>
      problems(raw)
        .map(({ problem }) => problem)
        .join();
    expect(about({ system: named("redis") })).toContain('two services have the name "redis"');
    expect(problemOf(named("ingress"))).toContain('such as: name: "my-ingress"');
    const registry = { system: named("registry"), ...openInProd({}) };
    expect(problems(registry)).toEqual([]);
    expect(about({ ...registry, target: "swarm" })).toContain('two services have the name "registry"');
  });

  it("keeps Ragdock's rules, as checkSystem says", () => {
    expect(checkSystem(example)).toEqual([]);
    const path = written(
      "public-store.ts",
      `import { redis } from "ragdock/system";
       const ports = [{ container: 6379, host: 6379, exposure: "public" }];
       const store = redis();
       const open = (ctx) => store.services(ctx).map((s) => (s.kind === "stateful" ? { ...s, ports } : s));
       export default { name: "open", about: "Open.", modules: [{ ...store, services: open }] };`,
    );
    const broken = checkSystem(path).filter((line) => line.includes("ragdock:services.redis.exposure"));
    expect(broken).toHaveLength(4);
    expect(broken[0]).toContain("pulumi config set --path 'ragdock:services.redis.exposure' loopback");
  });

  it("explains its settings", () => {
    const found = explain({ system: example }, facts, "services.web.limits.cpus");
    expect(found).toEqual([{ path: "services.web.limits.cpus", value: 0.5, from: `system ${example}` }]);
  });

  it("has a digest of all its files, and not of others", () => {
    const digest = (): unknown => {
      const found = findSystem(example);
      return "digest" in found ? found.digest : undefined;
    };
    const before = digest();
    expect(before).toMatch(/^[0-9a-f]{12}$/);
    expect(readSystem({ system: example }, facts).spec?.source).toBe(before);
    const script = `import { findSystem } from "./config/systems/find.ts"; console.log(findSystem(${JSON.stringify(example)}).digest);`;
    const again = (): string =>
      execFileSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: projectDir,
        encoding: "utf8",
      }).trim();
    expect(again()).toBe(before);
    writeFileSync(join(folder, "example/README.md"), "other");
    expect(again()).toBe(before);
    writeFileSync(join(folder, "example/greeting.ts"), 'export const greeting = "other";');
    expect(again()).not.toBe(before);
  });

  it("is checked by tsc with the tsconfig.json of the example", () => {
    const config = readFileSync(join(projectDir, "examples/own-system/tsconfig.json"), "utf8");
    written("example/tsconfig.json", config.replaceAll("../../", `${projectDir}/`));
    const tsc = (): string => {
      try {
        return execFileSync("tsc", ["-p", join(folder, "example")], {
          encoding: "utf8",
          env: { ...process.env, PATH },
        });
      } catch (error) {
        return (error as { stdout: string }).stdout;
      }
    };
    expect(tsc()).toBe("");
    writeFileSync(example, readFileSync(example, "utf8").replace('"128MiB"', '"128 MB"'));
    expect(tsc()).toContain("system.ts");
  }, 120_000);
});

const PATH = `${join(projectDir, "node_modules/.bin")}:${process.env.PATH}`;

describe("an own system is refused with the setting and the fix if", () => {
  it("there is no such file", () =>
    expect(problemOf("../nowhere/system.ts")).toMatch(
      /there is no file \/.*nowhere\/system\.ts – Correct the path/,
    ));

  it("there is no such package", () => {
    expect(problemOf("@acme/nowhere")).toMatch(
      /no package of this name.* – .*npm install --prefix \.\. @acme\/nowhere/,
    );
    expect(problemOf("fulll")).toMatch(
      /must be one of full, .*the path of a file such as \.\.\/my-system\.ts/,
    );
  });

  it("the file exports no system", () =>
    expect(problemOf(written("none.ts", "export const other = 1;"))).toBe(
      "it exports no system (only other) – Add this line to it: export default system;",
    ));

  it("the system has the name of one of Ragdock's own", () =>
    expect(problemOf(written("taken.ts", `export default ${valid.replace("mine", "full")};`))).toContain(
      'has the name "full", which is one of Ragdock\'s own – Give it another name',
    ));

  it("a value has the wrong type", () => {
    const wrong = (name: string, text: string): string => problemOf(written(name, `export default ${text};`));
    expect(wrong("name.ts", valid.replace("mine", "My System"))).toContain(
      "name: must be lower-case letters",
    );
    expect(wrong("modules.ts", '{ name: "mine", about: "Mine.", modules: [1] }')).toContain("modules[0]: ");
    const service = `{ ...serviceDefaults, name: "web", role: "api", image: { from: "reference", reference: "a:1" },
      healthcheck: Healthcheck.listens(80), limits: { cpus: 1, memory: "1 GB" } }`;
    const file = `import { Healthcheck, serviceDefaults } from "ragdock/system";
      export default ${valid.replace("[] }", `[${service}] }`)};`;
    expect(problemOf(written("limits.ts", file))).toContain(
      'service "web": limits.memory: must be a size, such as 512MiB',
    );
  });

  it("the file fails, with its line and without a stack", () => {
    const line = problemOf(written("throws.ts", '\nthrow new Error("no luck\\nat all");'));
    expect(line).toMatch(/it cannot be loaded: no luck \(.*throws\.ts:2\)/);
    expect(line).not.toContain("\n");
    expect(problemOf(written("import.ts", 'import "./nothing.ts";'))).toContain("Correct the import.");
    expect(problemOf(written("path.ts", 'import "ragdock/config/resolve.ts";'))).toContain(
      'Ragdock exports "ragdock/system" and "ragdock/testing".',
    );
    expect(problemOf(written("await.ts", `await 1; export default ${valid};`))).toContain(
      "Remove each `await`",
    );
    expect(problemOf(written("syntax.ts", "export default {"))).toContain("it cannot be loaded: ");
  });

  it("a package has only TypeScript", () => {
    const path = written("node_modules/typed/system.ts", `export default ${valid};`);
    expect(problemOf(path)).toContain("Node does not run TypeScript in a package");
  });

  it("a module fails", () => {
    const text = `export default ${valid.replace("[] }", '{ throw new Error("no services"); } }')};`;
    expect(problemOf(written("fails.ts", text))).toMatch(
      /its services cannot be described: no services \(.*fails\.ts:1\)/,
    );
  });
});
