// The folders of the engine import each other in one direction only, so each can be understood
// separately.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  pulumi: [],
  terraform: ["pulumi"],
  run: ["terraform", "pulumi"],
  bridge: ["terraform", "pulumi"],
};

/** Returns the project's files that a file imports, relative to the checkout. */
function imports(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = [...text.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)].map(([, path]) => path as string);
  return found.map((path) => relative(ROOT, join(ROOT, dirname(file), path)));
}

test("the engine's folders import in one direction", () => {
  const files = globSync("engine/*/*.ts", { cwd: ROOT });
  expect(files.length).toBeGreaterThan(30);
  for (const file of files) {
    const folder = file.split("/")[1] as string;
    const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])].map((name) => `engine/${name}/`);
    for (const path of imports(file)) {
      expect(
        allowed.some((prefix) => path.startsWith(prefix)),
        `${file} imports ${path}`,
      ).toBe(true);
    }
  }
});

test("all other folders import only the engine's index", () => {
  const others = ["*.ts", "{cli,components,config,host,monitoring,scripts,tools}/**/*.ts"];
  const files = others.flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
  expect(files.length).toBeGreaterThan(50);
  const inner = files.flatMap((file) => imports(file).filter((path) => /^engine\/(?!index\.ts$)/.test(path)));
  expect(inner).toEqual([]);
});
