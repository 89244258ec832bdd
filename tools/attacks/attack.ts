/** An attack, and the tests that make it. */

/** A test in a file, or all tests of the file. */
export interface TestOf {
  /** Its path in the project. */
  readonly file: string;
  /**
   * A part of the title in a file of vitest, or of a group; the name of a function in Python; or
   * the name of a check in tools/check.sh.
   * @default all tests of the file
   */
  readonly name?: string;
}

export interface Attack {
  readonly attack: string;
  /** The expected behaviour of the attacked stack. */
  readonly promise: string;
  readonly tests: readonly TestOf[];
}

export const testOf = (file: string, name?: string): TestOf => ({ file, ...(name ? { name } : {}) });

/** The result of one test. A skipped test has no result. */
export interface Ran {
  readonly file: string;
  /** The title of a test with those of its groups, the name of a function, or that of a check. */
  readonly name: string;
  /** Why it failed. Undefined if it passed. */
  readonly failure?: string;
}

const isPython = (file: string): boolean => file.endsWith(".py");

/**
 * Whether a result belongs to this test. Python tests have one result for each set of parameters.
 */
export const isOf = ({ file, name }: TestOf, ran: Ran): boolean =>
  ran.file === file &&
  (name === undefined || (isPython(file) ? ran.name.split("[")[0] === name : ran.name.includes(name)));
