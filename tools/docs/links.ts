import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execaSync } from "execa";
import { projectDir } from "../../host/paths.ts";

/** Matches a Markdown link or picture of a file of the project, with an optional heading. */
const link = /\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g;

/** Returns GitHub's anchor for a heading. */
const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");

const headings = (markdown: string): Set<string> =>
  new Set([...markdown.matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => slug(text)));

/** Returns the broken links in the project's Markdown files, as `file: link`. */
export function brokenLinks(): string[] {
  const list = ["ls-files", "-co", "--exclude-standard", "*.md"];
  const listed = execaSync("git", list, { cwd: projectDir, lines: true }).stdout;
  const files = listed.filter((file) => existsSync(join(projectDir, file)));
  return files.flatMap((file) => {
    const text = readFileSync(join(projectDir, file), "utf8").replaceAll(/^```[\s\S]*?^```/gm, "");
    return [...text.matchAll(link)].flatMap(([, path = "", heading]) => {
      const target = path === "" ? file : join(dirname(file), path);
      const full = join(projectDir, target);
      if (!existsSync(full)) return [`${file}: ${path}`];
      const isMissing =
        heading !== undefined && full.endsWith(".md") && !headings(readFileSync(full, "utf8")).has(heading);
      return isMissing ? [`${file}: ${path}#${heading}`] : [];
    });
  });
}
