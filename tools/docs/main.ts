/**
 * Writes the generated parts of docs/ and README.md: the settings from the schema, systems and pictures from the services.
 * `--check` writes nothing and ends with exit code 1 when a part is not current.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveSystem } from "../../config/resolve.ts";
import { projectDir } from "../../host/paths.ts";
import { picture } from "./picture.ts";
import { settingsPage } from "./settings-page.ts";
import { systemsPage } from "./systems-page.ts";

/** `text` with the part between the markers replaced. */
function insert(text: string, marker: string, part: string): string {
  const pattern = new RegExp(`(<!-- ${marker} -->\n)[\\s\\S]*?(<!-- /${marker} -->)`);
  if (!pattern.test(text)) throw new Error(`README.md has no markers for ${marker}`);
  return text.replace(pattern, (_, open: string, close: string) => `${open}${part}\n${close}`);
}

const readme = readFileSync(join(projectDir, "README.md"), "utf8");
const system = resolveSystem({}, { project: "ragdock", stack: "dev", secrets: new Set(), host: {} });
const wanted = {
  "docs/reference/settings.md": settingsPage(),
  "docs/reference/systems.md": systemsPage(),
  "README.md": insert(readme, "picture", picture(system)),
};
const check = process.argv.includes("--check");
for (const [file, text] of Object.entries(wanted)) {
  const path = join(projectDir, file);
  let current = "";
  try {
    current = readFileSync(path, "utf8");
  } catch {
    // The file is about to be made for the first time.
  }
  if (current === text) continue;
  if (check) {
    process.exitCode = 1;
    process.stderr.write(`${file} is not current: run \`make docs\` and commit it.\n`);
  } else {
    writeFileSync(path, text);
    process.stdout.write(`wrote ${file}\n`);
  }
}
