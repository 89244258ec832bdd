import { Failure } from "../spec/failure.ts";
import { forStack, type Problem } from "../spec/problem.ts";

/** An error with all problems of a configuration in one message. */
export class ConfigError extends Failure {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], stack: string) {
    const lines = problems.map(
      (p) => `  ${p.path}: found ${p.found}; ${p.problem}\n      ${forStack(p.fix, stack)}`,
    );
    const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
    super(
      `${count} wrong, and nothing was changed:\n${lines.join("\n")}`,
      `You can also write each setting except a secret into Pulumi.${stack}.yaml: see docs/reference/settings.md.`,
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}
