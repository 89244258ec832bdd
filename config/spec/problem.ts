/** One mistake in a configuration. */
export interface Problem {
  /** The path of the setting, starting with `ragdock:`. */
  readonly path: string;
  readonly found: string;
  /** The problem, with the bound. */
  readonly problem: string;
  /** The command that fixes it, or where to look. */
  readonly fix: string;
}

/** A problem of the setting at `path`, given without `ragdock:`. */
export const problem = (path: string, found: string, what: string, fix: string): Problem => ({
  path: `ragdock:${path}`,
  found,
  problem: what,
  fix,
});

/** A problem of a setting that the system does not use. */
export const withoutEffect = (path: string, why: string): Problem =>
  problem(path, "a setting without effect", why, `Run: ${removeCommand(path)}`);

/** A problem that another value of the same setting fixes. */
export const wrongValue = (path: string, found: string, what: string, value: string, how = "Run"): Problem =>
  problem(path, found, what, `${how}: ${setCommand(path, value)}`);

const isNested = (path: string): boolean => path.includes(".") || path.includes("[");

/**
 * The command that sets `path` to `value`. Messages name the commands of the Pulumi CLI, and
 * cli/typed.ts turns them into those of the embedded engine. `forStack` adds the stack.
 */
export const setCommand = (path: string, value: string): string =>
  isNested(path)
    ? `pulumi config set --path 'ragdock:${path}' ${value}`
    : `pulumi config set ragdock:${path} ${value}`;

/** The command that removes the setting at `path`. `forStack` adds the stack. */
export const removeCommand = (path: string): string =>
  isNested(path) ? `pulumi config rm --path 'ragdock:${path}'` : `pulumi config rm ragdock:${path}`;

/** The command that sets a secret of the user. `forStack` adds the stack. */
export const secretCommand = (key: string): string => `pulumi config set --secret ragdock:${key}`;

/** `text` with `--stack` in each of its `pulumi config` commands. */
export const forStack = (text: string, stack: string): string =>
  text.replaceAll(/\bpulumi config (set|rm) /g, `pulumi config $1 --stack ${stack} `);
