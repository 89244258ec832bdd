import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { dockerEnvironment } from "./docker.ts";

/** The source of a command's standard input and the target of its standard output. */
export interface Ends {
  /** A file to read, or text. */
  readonly input?: { readonly file: string } | { readonly text: string };
  /** A file to write, which only its owner can read. @default the output is returned */
  readonly output?: string;
  /**
   * Runs the command in a separate session, which Ctrl-C at the terminal does not reach.
   * @default false
   */
  readonly detached?: boolean;
}

interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** The result of a command. Size and digest are those of the output file. */
export interface Piped extends Digest {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command on this machine, with files as its input and output. The docker CLI uses the
 * selected Docker host.
 * @throws the command's standard error if it fails
 */
export async function pipe(command: string, args: readonly string[], ends: Ends = {}): Promise<Piped> {
  const options = { detached: ends.detached ?? false, env: dockerEnvironment() };
  const child = spawn(command, args, { stdio: "pipe", ...options });
  const { digested, digest } = digester();
  const [[code], stdout, stderr] = await Promise.all([
    once(child, "close"),
    ends.output
      ? pipeline(
          child.stdout,
          digested,
          createWriteStream(ends.output, { mode: 0o600, flags: "wx", flush: true }),
        )
      : text(child.stdout),
    text(child.stderr),
    feed(child, ends.input),
  ]);
  if (code !== 0) {
    throw new Error(`${command} ${args[0]} ended with exit code ${code ?? 1}: ${stderr.trim().slice(-2000)}`);
  }
  return { stdout: stdout ?? "", stderr, ...digest() };
}

/** Runs a program in a container. */
export const exec = (container: string, command: readonly string[], ends: Ends = {}): Promise<Piped> =>
  pipe("docker", ["exec", ...(ends.input ? ["-i"] : []), container, ...command], ends);

/** SHA-256 and size of a file. */
export async function digestOf(file: string): Promise<Digest> {
  const { digested, digest } = digester();
  for await (const _ of digested(createReadStream(file)));
  return digest();
}

async function feed(child: ChildProcess, input: Ends["input"]): Promise<void> {
  if (!child.stdin) return;
  if (input === undefined || "text" in input) {
    child.stdin.on("error", () => {});
    child.stdin.end(input?.text ?? "");
    return;
  }
  // A program that ends before it has read all input reports why in its exit code and on standard
  // error.
  await pipeline(createReadStream(input.file), child.stdin).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
}

/** Passes bytes on, counts them and adds them to a digest. */
function digester() {
  const hash = createHash("sha256");
  let bytes = 0;
  return {
    digested: async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        bytes += chunk.length;
        hash.update(chunk);
        yield chunk;
      }
    },
    digest: (): Digest => ({ bytes, sha256: hash.digest("hex") }),
  };
}
