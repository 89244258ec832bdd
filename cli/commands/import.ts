import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { command, print, startFolder } from "../command.ts";
import { classify } from "../import/classify.ts";
import { composeFiles, readCompose } from "../import/read.ts";
import { asMarkdown, asText } from "../import/report.ts";

export const importCompose = command({
  name: "import",
  summary: "Report what becomes of each key of a Docker Compose project",
  details:
    "It reads the Compose file, the files that it names and .env. It needs no Docker, and writes no settings and no system. Services of all profiles are in the report",
  options: {
    file: {
      flags: "[file]",
      description:
        "the Compose file or its folder; several files are separated by colons, as in COMPOSE_FILE",
      default: ".",
    },
    report: { flags: "--report <file>", description: "write the report to a file, as Markdown" },
  },
  examples: ["import ../my-rag", "import ../my-rag/docker-compose.yml --report import.md"],
  run: async ({ file, report }) => {
    const environment = Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const project = readCompose(composeFiles(file, startFolder), Object.fromEntries(environment));
    const classified = classify(project);
    if (report) writeFileSync(resolve(startFolder, report), `${asMarkdown(project, classified)}\n`);
    else print(asText(project, classified));
    return 0;
  },
});
