import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Transform } from "node:stream";
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

/** The result of a command. */
export interface Piped {
  readonly stdout: string;
  readonly stderr: string;
  /** Size of the output file. */
  readonly bytes: number;
  readonly sha256: string;
}

/** Runs a command on the Docker host in use, with files as its input and output. @throws its standard error when it fails */
export async function pipe(command: string, args: readonly string[], ends: Ends = {}): Promise<Piped> {
  const options = { detached: ends.detached ?? false, env: dockerEnvironment() };
  const child = spawn(command, args, { stdio: "pipe", ...options });
  const hash = new Hash();
  const [code, stdout, stderr] = await Promise.all([
    new Promise<number>((resolve, reject) => {
      child.on("error", reject).on("close", (status) => resolve(status ?? 1));
    }),
    ends.output
      ? pipeline(
          child.stdout,
          hash,
          createWriteStream(ends.output, { mode: 0o600, flags: "wx", flush: true }),
        )
      : textOf(child.stdout),
    textOf(child.stderr),
    feed(child, ends.input),
  ]);
  if (code !== 0) {
    throw new Error(`${command} ${args[0]} ended with exit code ${code}: ${stderr.trim().slice(-2000)}`);
  }
  return { stdout: stdout ?? "", stderr, bytes: hash.bytes, sha256: hash.digest() };
}

/** Runs a program in a container. */
export const exec = (container: string, command: readonly string[], ends: Ends = {}): Promise<Piped> =>
  pipe("docker", ["exec", ...(ends.input ? ["-i"] : []), container, ...command], ends);

/** SHA-256 and size of a file. */
export async function digestOf(file: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = new Hash();
  hash.resume();
  await pipeline(createReadStream(file), hash);
  return { bytes: hash.bytes, sha256: hash.digest() };
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

async function textOf(stream: AsyncIterable<Buffer> | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Passes bytes on, counts them and adds them to the digest. */
class Hash extends Transform {
  bytes = 0;
  private readonly hash = createHash("sha256");

  override _transform(chunk: Buffer, _: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    this.hash.update(chunk);
    done(null, chunk);
  }

  digest(): string {
    return this.hash.digest("hex");
  }
}
