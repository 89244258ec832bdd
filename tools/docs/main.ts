/**
 * Generates docs/reference/ and the diagram in README.md from the code. With `--check` it writes
 * nothing, and ends with exit code 1 if a page is not current or a Markdown link is broken.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileSchema } from "../../config/settings/file-schema.ts";
import { projectDir } from "../../host/paths.ts";
import { commandsPage } from "./commands-page.ts";
import { brokenLinks } from "./links.ts";
import { metricsPage } from "./metrics-page.ts";
import { picture } from "./picture.ts";
import { settingsPage } from "./settings-page.ts";
import { specOf } from "./specs.ts";
import { systemsPage } from "./systems-page.ts";

/** Replaces the part of a text between two markers. */
function insert(text: string, marker: string, part: string): string {
  const pattern = new RegExp(`(<!-- ${marker} -->\n)[\\s\\S]*?(<!-- /${marker} -->)`);
  if (!pattern.test(text)) throw new Error(`README.md has no markers for ${marker}`);
  return text.replace(pattern, (_, open: string, close: string) => `${open}${part}\n${close}`);
}

const readme = readFileSync(join(projectDir, "README.md"), "utf8");
const wanted = {
  "docs/reference/commands.md": commandsPage(),
  "docs/reference/metrics-and-alerts.md": metricsPage(),
  "docs/reference/settings.md": settingsPage(),
  "docs/reference/stack.schema.json": `${JSON.stringify(fileSchema(), null, 2)}\n`,
  "docs/reference/systems.md": systemsPage(),
  "README.md": insert(readme, "picture", picture(specOf("full", "dev"))),
};
const isCheck = process.argv.includes("--check");
for (const [file, text] of Object.entries(wanted)) {
  const path = join(projectDir, file);
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  if (isCheck) {
    process.exitCode = 1;
    process.stderr.write(`${file} is not current. Run \`make docs\` and commit the file.\n`);
  } else {
    writeFileSync(path, text);
    process.stdout.write(`wrote ${file}\n`);
  }
}
for (const broken of isCheck ? brokenLinks() : []) {
  process.exitCode = 1;
  process.stderr.write(`${broken} is a broken link.\n`);
}
