import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "yaml";
import type { Log } from "./log.ts";
import { ORGANIZATION } from "./monitor.ts";

/** The program to run, its stack and its settings. */
export interface ProgramOptions {
  /** The project's folder. It is the program's working directory and the base of relative paths. */
  readonly projectDir: string;
  /**
   * The program's entry file, relative to `projectDir`.
   * @default `main` of Pulumi.yaml, else of package.json
   */
  readonly program?: string;
  readonly project: string;
  readonly stack: string;
  /** The stack's settings by `project:key`. A key without a colon belongs to the project. */
  readonly config: Record<string, string>;
  /** The keys of `config` that are secret. */
  readonly secretKeys?: readonly string[];
  /** The environment of the program and of the providers. @default the one of this process */
  readonly env?: NodeJS.ProcessEnv;
}

/** A Pulumi program in a separate process, under Pulumi's Node runner. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string | undefined>;

  private constructor(child: ChildProcess, ended: Promise<string | undefined>) {
    this.#child = child;
    this.#ended = ended;
  }

  static start(
    options: ProgramOptions,
    address: string,
    dryRun: boolean,
    parallel: number,
    log: Log,
  ): Program {
    const runner = createRequire(join(options.projectDir, "package.json")).resolve(
      "@pulumi/pulumi/cmd/run/index.js",
    );
    const flags = {
      monitor: address,
      engine: address,
      organization: ORGANIZATION,
      project: options.project,
      stack: options.stack,
      "root-directory": options.projectDir,
      pwd: options.projectDir,
      parallel: String(parallel),
    };
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    // It has a separate process group, so that the engine decides which processes end on Ctrl-C,
    // and when.
    const preload = new URL("preload.ts", import.meta.url).href;
    const child = spawn(
      process.execPath,
      ["--import", preload, runner, ...args, ...(dryRun ? ["--dry-run"] : []), entryOf(options)],
      {
        cwd: options.projectDir,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...(options.env ?? process.env),
          ...configEnvironment(options),
          PULUMI_NODEJS_TYPESCRIPT: "false",
        },
      },
    );
    return new Program(child, watch(child, log));
  }

  /** Waits for the program's end. Returns the error, or undefined for success. */
  ended(): Promise<string | undefined> {
    return this.#ended;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** Returns the stack's settings in the SDK's format. */
export function configEnvironment(
  options: Pick<ProgramOptions, "project" | "config" | "secretKeys">,
): NodeJS.ProcessEnv {
  const full = (key: string) => (key.includes(":") ? key : `${options.project}:${key}`);
  const config = Object.fromEntries(Object.entries(options.config).map(([key, value]) => [full(key), value]));
  return {
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify((options.secretKeys ?? []).map(full)),
  };
}

function entryOf({ program, projectDir }: ProgramOptions): string {
  if (program) return program;
  const file = join(projectDir, "Pulumi.yaml");
  const main = existsSync(file)
    ? (parse(readFileSync(file, "utf8")) as { main?: string } | null)?.main
    : undefined;
  return main ?? ".";
}

function watch(child: ChildProcess, log: Log): Promise<string | undefined> {
  const tail: string[] = [];
  const lines = (stream: NodeJS.ReadableStream | null, tell: (line: string) => void) =>
    new Promise<void>((resolve) => {
      if (!stream) return resolve();
      createInterface({ input: stream }).on("line", tell).once("close", resolve);
    });
  const out = lines(child.stdout, (line) => log("info", line));
  const err = lines(child.stderr, (line) => {
    tail.push(line);
    log("debug", line);
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`the program could not start: ${error.message}`));
    child.once("exit", async (code, signal) => {
      await Promise.all([out, err]);
      if (code === 0) resolve(undefined);
      else
        resolve([`the program ended with ${signal ?? `exit code ${code}`}`, ...tail.slice(-20)].join("\n"));
    });
  });
}
