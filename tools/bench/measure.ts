import { spawn } from "node:child_process";
import { loadavg } from "node:os";

/** Seconds of repeated measurements, in their order. */
export type Series = readonly number[];

/** The output, exit code and duration of a command. */
export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

/** Runs a program to its end. Does not throw if it fails. */
export function run(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutSeconds?: number } = {},
): Promise<Ran> {
  const begun = performance.now();
  const [program = "", ...args] = argv;
  return new Promise((done) => {
    const child = spawn(program, args, {
      ...(options.cwd ? { cwd: options.cwd } : {}),
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: (options.timeoutSeconds ?? 600) * 1000,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const end = (code: number) => done({ code, output, seconds: (performance.now() - begun) / 1000 });
    child.once("error", (error) => {
      output += String(error);
      end(127);
    });
    child.once("close", (code) => end(code ?? 1));
  });
}

/** Returns the seconds of a successful run. @throws the end of the output if the run failed */
export function secondsOf(what: string, ran: Ran): number {
  if (ran.code === 0) return ran.seconds;
  throw new Error(`${what} ended with exit code ${ran.code}:\n${ran.output.trimEnd().slice(-1500)}`);
}

/** Returns the median of a series. */
export function median(series: Series): number {
  const sorted = [...series].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return (low + high) / 2;
}

/** Returns the 1-minute load average with one decimal. */
export const load = (): string => (loadavg()[0] ?? 0).toFixed(1);

const begun = performance.now();

/** Prints a line with the time since the start. */
export function say(text: string): void {
  const s = Math.round((performance.now() - begun) / 1000);
  process.stdout.write(`${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}  ${text}\n`);
}

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopping = true;
    say("stopping: first removing what this run has started …");
  });
}

/**
 * Runs `measure`. A failure is recorded for the page and does not end the bench. After a signal it
 * runs nothing, so that the callers reach their `finally`.
 */
export async function attempt<T>(
  what: string,
  failures: string[],
  measure: () => Promise<T>,
): Promise<T | undefined> {
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
