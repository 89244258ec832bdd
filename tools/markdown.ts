import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../host/paths.ts";

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

/**
 * Returns a Markdown table.
 * @param rule of the columns after the first: `---:` aligns numbers
 */
export const table = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  rule = "---",
): string =>
  [line(header), line(header.map((_, index) => (index === 0 ? "---" : rule))), ...rows.map(line)].join("\n");

/**
 * The generated parts of a page, by the names in their markers: `<!-- name -->` and `<!-- /name
 * -->`.
 */
export type Parts = Readonly<Record<string, string>>;

/** Returns a page of the project with new parts. @throws if the page has no markers for a part */
export function pageWith(file: string, parts: Parts): string {
  let text = readFileSync(join(projectDir, file), "utf8");
  for (const [name, part] of Object.entries(parts)) {
    const pattern = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!pattern.test(text)) throw new Error(`${file} has no markers for ${name}`);
    text = text.replace(pattern, (_, open: string, close: string) => `${open}${part}\n${close}`);
  }
  return text;
}

/** Writes a page of the project with new parts. @throws if the page has no markers for a part */
export const writePage = (file: string, parts: Parts): void =>
  writeFileSync(join(projectDir, file), pageWith(file, parts));
