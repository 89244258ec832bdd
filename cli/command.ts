/** What a command is given on its command line. */
export interface Arguments {
  readonly stack: string;
  readonly service: string;
  /** A system to make the stack for, where it has no file yet. */
  readonly system: string;
  readonly environment: string;
  readonly confirm: string;
  /** A backup: a folder or a time. */
  readonly from: string;
  /** How many backups stay; "" for all. */
  readonly keep: string;
  /** A major version of PostgreSQL. */
  readonly version: string;
  readonly key: string;
  /** What to rotate. */
  readonly secret: string;
  readonly refresh: boolean;
  readonly showSecrets: boolean;
}

/** Does its work and returns the exit code. */
export type Command = (args: Arguments) => Promise<number>;

/** Prints a line for people. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);
