/**
 * Generates the parts of docs/ and README.md that are between markers, from the code and from
 * docs/measurements/*.json, and the JSON schema of a stack's file. With `--check` it writes nothing,
 * and ends with exit code 1 if a file is not current or a Markdown link is broken.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { envKeys } from "../../cli/env/keys.ts";
import { exampleText } from "../../cli/env/plan.ts";
import { fileSchema } from "../../config/settings/file-schema.ts";
import { projectDir } from "../../host/paths.ts";
import { attacks } from "../attacks/attacks.ts";
import { readFindings as readAttacks } from "../attacks/findings.ts";
import { securityParts } from "../attacks/page.ts";
import { readCorpus } from "../corpus/corpus.ts";
import { corpusParts } from "../corpus/page.ts";
import { type Parts, pageWith } from "../markdown.ts";
import { readFindings } from "../reliability/findings.ts";
import { reliabilityParts } from "../reliability/page.ts";
import { commandsPage } from "./commands-page.ts";
import { scalingNumbers, whereToRunNumbers } from "./guide-numbers.ts";
import { imagesPage } from "./images-page.ts";
import { brokenLinks } from "./links.ts";
import { metricsPage } from "./metrics-page.ts";
import { picture } from "./picture.ts";
import { policiesPage } from "./policies-page.ts";
import { seedsPage } from "./seeds-page.ts";
import { settingsPage } from "./settings-page.ts";
import { specOf } from "./specs.ts";
import { systemsPage } from "./systems-page.ts";

const pages: Readonly<Record<string, Parts>> = {
  "docs/guide/scaling.md": scalingNumbers(readFindings()),
  "docs/guide/where-to-run.md": whereToRunNumbers(readFindings()),
  "docs/reference/commands.md": commandsPage(),
  "docs/reference/images.md": imagesPage(),
  "docs/reference/metrics-and-alerts.md": metricsPage(),
  "docs/reference/policies.md": policiesPage(),
  "docs/reference/seeds.md": seedsPage(),
  "docs/reference/settings.md": settingsPage(),
  "docs/reference/systems.md": systemsPage(),
  "docs/measurements/entry.md": corpusParts(readCorpus()),
  "docs/measurements/reliability.md": reliabilityParts(readFindings()),
  "docs/measurements/security.md": securityParts(attacks, readAttacks()),
  "README.md": { picture: picture(specOf("full", "dev")) },
};
const generated = [
  ...Object.entries(pages).map(([file, parts]) => ({ file, text: pageWith(file, parts) })),
  { file: "docs/reference/stack.schema.json", text: `${JSON.stringify(fileSchema(), null, 2)}\n` },
  ...Object.entries(envKeys).map(([system, keys]) => ({
    file: `docs/reference/env/${system}.env.example`,
    text: exampleText(system, keys),
  })),
];
const isCheck = process.argv.includes("--check");
for (const { file, text } of generated) {
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
