/**
 * Writes the npm package into a folder: `make package`. It has compiled JavaScript and types of
 * public/ and what it imports, because Node runs no TypeScript in node_modules, and the files that
 * images are built from.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import manifest from "../package.json" with { type: "json" };

const root = resolve(import.meta.dirname, "..");

/** The files that the compiled program reads. */
const data = [
  ...["app", "config/services/files", "dockerfiles", "front-door", "systems"],
  ...["LICENSE", "Pulumi.yaml", "README.md"],
];

/** Files that tools and tests create, and that are not in git. */
const leftOver = /(^|\/)(\.venv|__pycache__|\.[a-z]+_cache|node_modules)(\/|$)/;

/** Writes the package. @param folder where, replaced if it exists */
export async function writePackage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await execa("tsc", ["-p", "tsconfig.npm.json", "--outDir", folder], { cwd: root, preferLocal: true });
  for (const name of data)
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: (path) => !leftOver.test(path.slice(root.length)),
    });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(packageOf(folder), null, 2)}\n`);
}

function packageOf(folder: string): object {
  const { name, version, description, license, type, engines, exports, dependencies } = manifest;
  const used = importsOf(folder);
  const { "@pulumi/pulumi": pulumi, ...others } = dependencies;
  const compiled = (extension: string) =>
    Object.fromEntries(
      Object.entries(exports).map(([path, file]) => [path, file.replace(/\.ts$/, extension)]),
    );
  const { ".": types, ...more } = compiled(".d.ts");
  return {
    ...{ name, version, description, license, type, engines },
    exports: compiled(".js"),
    // TypeScript with `moduleResolution: node`, as in Pulumi's template, does not read `exports`.
    ...{ main: compiled(".js")["."], types },
    typesVersions: {
      "*": Object.fromEntries(Object.entries(more).map(([path, file]) => [path.slice(2), [file]])),
    },
    dependencies: Object.fromEntries(Object.entries(others).filter(([one]) => used.has(one))),
    // A program must have only one copy of Pulumi's SDK.
    peerDependencies: { "@pulumi/pulumi": `^${pulumi}` },
  };
}

/** The packages that the compiled files import. */
function importsOf(folder: string): ReadonlySet<string> {
  const files = globSync("**/*.js", { cwd: folder }).map((file) => readFileSync(join(folder, file), "utf8"));
  const names = files.flatMap((text) => [...text.matchAll(/from "((?:@[\w-]+\/)?[\w-]+)[^"]*"/g)]);
  return new Set(names.map(([, name = ""]) => name));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = join(root, "dist/npm");
  await writePackage(folder);
  console.log(`Wrote ${folder}. Pack it with: npm pack ${folder}`);
}
