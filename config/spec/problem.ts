import { removeCommand, setCommand, toRun } from "./message.ts";

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
  problem(path, "a setting without effect", why, `${toRun}${removeCommand(path)}`);

/** A problem that another value of the same setting fixes. */
export const wrongValue = (path: string, found: string, what: string, value: string, how = toRun): Problem =>
  problem(path, found, what, `${how}${setCommand(path, value)}`);
