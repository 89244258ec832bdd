/** One thing wrong in a configuration. */
export interface Problem {
  /** The setting, from `ragdock:` on. */
  readonly path: string;
  readonly found: string;
  /** What is wrong, with the bound. */
  readonly problem: string;
  /** What to type, or where to look. */
  readonly fix: string;
}

/** All that is wrong in a configuration, in one message. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], stack: string) {
    const lines = problems.map(
      (p) => `  ${p.path}: found ${p.found}; ${p.problem}\n      ${forStack(p.fix, stack)}`,
    );
    const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
    super(
      `${count} wrong, nothing was touched:\n${lines.join("\n")}\n` +
        `Every setting can also be written into the stack's file, Pulumi.${stack}.yaml: docs/reference/settings.md shows how.`,
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** `text` with the settings of its commands meant for `stack`, not for the one that happens to be selected. */
export function forStack(text: string, stack: string): string {
  return text.replaceAll(/\bpulumi config (set|rm) /g, `pulumi config $1 --stack ${stack} `);
}

/** The command that sets `path` (without `ragdock:`) to `value`, before `forStack`. */
export function setCommand(path: string, value: string): string {
  return path.includes(".") || path.includes("[")
    ? `pulumi config set --path 'ragdock:${path}' ${value}`
    : `pulumi config set ragdock:${path} ${value}`;
}

/** A problem of the setting at `path` (without `ragdock:`). */
export function problem(path: string, found: string, what: string, fix: string): Problem {
  return { path: `ragdock:${path}`, found, problem: what, fix };
}
