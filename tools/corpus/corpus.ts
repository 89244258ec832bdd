import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../host/paths.ts";

/** The result of the import of a project. */
export interface Counts {
  readonly services: number;
  /** Services whose keys are all supported. */
  readonly covered: number;
  /** Keys of the Compose files. */
  readonly keys: number;
  /** Keys without a line in the report. */
  readonly dropped: number;
  /** Applications that the settings have. */
  readonly applications: number;
  /** Mistakes that `make up` would report in the settings. */
  readonly problems: number;
}

/** A public Compose project, at one commit. */
export interface CorpusProject {
  /** The usual name of the project. */
  readonly name: string;
  /** Owner and name on GitHub. A copy of a project is named when its own repository is too large. */
  readonly repository: string;
  readonly commit: string;
  /** Its Compose files, as COMPOSE_FILE names them. */
  readonly files: string;
  /** Environment files that its README has users copy, by the new name. @default none */
  readonly copies?: Readonly<Record<string, string>>;
  readonly expected: Counts;
}

const file = join(projectDir, "docs/measurements/entry.json");

export const readCorpus = (): readonly CorpusProject[] => JSON.parse(readFileSync(file, "utf8"));

/** The folder of a project below that of the corpus. */
export const folderOf = ({ repository }: Pick<CorpusProject, "repository">): string =>
  repository.replace("/", "+");

/** The commands that get a project. */
export const commandsFor = ({ repository, commit, copies = {} }: CorpusProject): string[] => {
  const folder = folderOf({ repository });
  return [
    `git clone -q --filter=blob:none --no-checkout https://github.com/${repository} ${folder}`,
    `git -C ${folder} checkout -q ${commit}`,
    ...Object.entries(copies).map(([target, source]) => `cp ${folder}/${source} ${folder}/${target}`),
  ];
};
