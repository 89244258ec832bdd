import { availableParallelism, loadavg, totalmem } from "node:os";
import { execa, type Options } from "execa";
import prettyMs from "pretty-ms";
import { ownSettings } from "../../cli/stack-file.ts";
import { docker } from "../../host/docker.ts";
import { projectDir } from "../../host/paths.ts";

/** The output, exit code and duration of a command. */
export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

type RunOptions = Pick<Options, "cwd" | "env" | "extendEnv" | "timeout">;

/** Runs a program to its end, for at most ten minutes by default. Does not throw if it fails. */
export async function tryRun(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [program = "", ...args] = argv;
  const fixed = { stdin: "ignore", all: true, reject: false } as const;
  const ended = await execa(program, args, { timeout: 600_000, ...options, ...fixed });
  // Without an exit code, the program did not start or was killed. Then the message says why.
  const output = ended.exitCode === undefined ? `${ended.all}\n${ended.shortMessage}` : ended.all;
  return { code: ended.exitCode ?? 1, output, seconds: ended.durationMs / 1000 };
}

/** Runs a program to its end. @throws the end of the output if it fails */
export async function run(what: string, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await tryRun(argv, options);
  if (ran.code === 0) return ran;
  throw new Error(`${what} ended with exit code ${ran.code}:\n${ran.output.trimEnd().slice(-1500)}`);
}

/** Runs a bash script that stops at the first failure. @throws the end of the output if it fails */
export const shell = (what: string, script: string, cwd: string): Promise<Ran> =>
  run(what, ["bash", "-euo", "pipefail", "-c", script], { cwd });

/** Returns the median of a series. */
export function median(series: readonly number[]): number {
  const sorted = series.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return (low + high) / 2;
}

/** Returns the 1-minute load average with one decimal. */
export const load = (): string => (loadavg()[0] ?? 0).toFixed(1);

/** Returns the number of cores and the memory of this machine. */
export const machineSize = () => ({
  cores: String(availableParallelism()),
  memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
});

/** Returns the facts about a run for a page. */
export const runFacts = async () => ({
  date: new Date().toISOString().slice(0, 10),
  commit: (await run("git", ["git", "rev-parse", "--short", "HEAD"], { cwd: projectDir })).output.trim(),
  docker: (await docker("version", "--format", "{{.Server.Version}}")).trim(),
  ...machineSize(),
});

/** Returns the setting `images` of the stack dev. The measurements use the same setting. */
export const imagesOfDev = (): "registry" | "packages" =>
  ownSettings("dev").images === "registry" ? "registry" : "packages";

const begun = performance.now();

/** Prints a line with the time since the start. */
export function say(text: string): void {
  const time = prettyMs(performance.now() - begun, { colonNotation: true, secondsDecimalDigits: 0 });
  process.stdout.write(`${time}  ${text}\n`);
}

/** Whether a signal has arrived. Undefined until the first measurement. */
let stopping: boolean | undefined;

function watchSignals(): void {
  stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      stopping = true;
      say("stopping: first removing what this run has started …");
    });
  }
}

/**
 * Runs `measure`. A failure is recorded for the page and does not end the bench. After a signal it
 * runs nothing, so that the callers reach their `finally`.
 */
export async function attempt<T>(
  what: string,
  failures: string[],
  measure: () => T | Promise<T>,
): Promise<T | undefined> {
  if (stopping === undefined) watchSignals();
  if (stopping) return undefined;
  say(`${what} …`);
  try {
    return await measure();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    say(`${what}: not measured. ${text}`);
    failures.push(`${what}: ${text.split("\n").slice(0, 3).join(" ").slice(0, 300)}`);
    return undefined;
  }
}
