import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import { shellWord } from "../../config/spec/message.ts";
import { requireStackName } from "../../config/spec/stack.ts";
import { writeAtomic } from "../../engine/index.ts";
import { command, print, startFolder } from "../command.ts";
import { classify } from "../import/classify.ts";
import { adoptData } from "../import/data/adopt.ts";
import { composeFiles, readCompose } from "../import/read.ts";
import { asMarkdown, asText } from "../import/report.ts";
import { worldOf } from "../import/survey.ts";
import type { World } from "../import/world.ts";
import { stackWord } from "../import/write/names.ts";
import { makeOptions, nextSteps } from "../import/write/next-steps.ts";
import { problemsOf } from "../import/write/problems.ts";
import { settingsText } from "../import/write/settings-file.ts";
import { stackOf } from "../import/write/stack.ts";
import { givenConfigFile, stackFile, useConfigFile } from "../stack-file.ts";

export const importCompose = command({
  name: "import",
  summary: "Turn a Docker Compose project into a stack, and report the result for each key",
  details:
    "It reads the Compose file, the files that it names, and .env. It writes ragdock/Pulumi.<stack>.yaml next to the Compose file. It needs no Docker and starts nothing. COMPOSE_PROFILES chooses services with profiles, as for Compose",
  options: {
    file: {
      flags: "[file]",
      description:
        "the Compose file or its folder; several files are separated by colons, as in COMPOSE_FILE",
      default: ".",
    },
    stack: {
      flags: "--stack <name>",
      description: "the name of the stack; by default the name of the folder",
    },
    report: { flags: "--report <file>", description: "write the report to a file, as Markdown" },
    data: {
      flags: "--data",
      description: "copy the data of the Compose project into the volumes of the stack, and compare",
    },
    dryRun: { flags: "--dry-run", description: "print the settings without writing them" },
    force: { flags: "--force", description: "replace a settings file that exists" },
  },
  examples: [
    "import ../my-rag",
    "import ../my-rag/docker-compose.yml --report import.md",
    "import ../my-rag --dry-run",
    "import ../my-rag --data",
  ],
  run: async ({ file, stack, report, data, dryRun, force }) => {
    const project = readCompose(composeFiles(file, startFolder), shellVariables());
    const name = stack ?? stackNameFor(project.folder);
    requireStackName(name);
    const target = join(project.folder, "ragdock", `Pulumi.${name}.yaml`);
    const world = worldOf(project);
    const given = shellWord(file);
    if (data) return copyData(world, { stack: name, target, given });
    if (!dryRun && !force && existsSync(target)) throw exists(target, given);
    const classified = classify(project, world);
    const written = stackOf(world);
    const text = settingsText(project, written);
    if (report) writeFileSync(resolve(startFolder, report), `${asMarkdown(project, classified)}\n`);
    else print(asText(project, classified));
    if (dryRun) print(`\n${target} would be:\n\n${text}`);
    else write(target, text);
    const problems = problemsOf(text, name, written.asked);
    print(nextSteps(written, { stack: name, file: target, given, problems }));
    return 0;
  },
});

/** The name of the application's folder. The Compose file may be in a folder of it. */
function stackNameFor(folder: string): string {
  const name = basename(folder);
  const isPart = /^(docker|deploy|compose|infra|server$)/i.test(name) && dirname(folder) !== folder;
  return isPart ? stackNameFor(dirname(folder)) : stackWord(name, 20, "imported");
}

interface Target {
  readonly stack: string;
  readonly target: string;
  /** The Compose file as the user named it. */
  readonly given: string;
}

/** Copies the data for settings that an earlier import wrote. */
function copyData(world: World, { stack, target, given }: Target): Promise<number> {
  if (givenConfigFile() === undefined && existsSync(target)) useConfigFile(target);
  const [file = ""] = world.project.files.filter((one) => /\.ya?ml$/.test(one));
  if (!existsSync(stackFile(stack)))
    throw new Failure(
      `${target} does not exist.`,
      `Write it first: ./ragdock import ${given} --stack ${stack}`,
    );
  return adoptData(world, stackOf(world), {
    stack,
    file: shellWord(file),
    on: makeOptions(stack, stackFile(stack)),
  });
}

const shellVariables = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

function write(target: string, text: string): void {
  mkdirSync(dirname(target), { recursive: true });
  writeAtomic(target, text);
  print(`\nWrote ${relative(startFolder, target) || target}.\n`);
}

const exists = (target: string, given: string): Failure =>
  new Failure(
    `${target} exists.`,
    `To replace it, run: ./ragdock import ${given} --force. To see the new content: ./ragdock import ${given} --dry-run`,
  );
