import { Failure } from "../spec/failure.ts";
import { pulumiOnly, settingsFile } from "../spec/message.ts";
import type { Problem } from "../spec/problem.ts";

/** A problem with its fix, as a list of problems shows it. */
export const problemLines = ({ path, found, problem, fix }: Problem): string =>
  `  ${path}: found ${found}; ${problem}\n      ${fix}`;

/** An error with all problems of a configuration in one message. */
export class ConfigError extends Failure {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(problemLines);
    const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
    super(
      `${count} wrong, and nothing was changed:\n${lines.join("\n")}`,
      `${pulumiOnly(`You can also write each setting except a secret into ${settingsFile}. `)}docs/reference/settings.md has all settings.`,
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}
