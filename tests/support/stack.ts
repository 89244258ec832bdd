import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";

const run = promisify(execFile);

export const projectDir = resolve(import.meta.dirname, "../..");

/** The output and exit code of a command. */
export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** A running command. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** What it has written so far. */
  readonly output: () => string;
}

/** A test stack. Its settings and its state are in a temporary folder, which `remove` deletes. */
export class TestStack {
  readonly name: string;
  readonly file: string;
  /** The folder with the stack's settings and state. */
  readonly folder: string;
  /** Variables of the commands' environment, in addition to those of this process. */
  variables: NodeJS.ProcessEnv = {};

  /** @param folder the folder of a stack of another process @default a new folder */
  constructor(name: string, settings: Record<string, unknown>, folder?: string) {
    this.name = name;
    this.folder = folder ?? mkdtempSync(join(tmpdir(), "ragdock-test-"));
    this.file = join(this.folder, `Pulumi.${name}.yaml`);
    this.configure(settings);
  }

  /**
   * Replaces the stack's settings, given without `ragdock:`.
   * @param others settings of other packages, with their full names
   */
  configure(settings: Record<string, unknown>, others: Record<string, unknown> = {}): void {
    const config = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [`ragdock:${key}`, value]),
    );
    writeFileSync(this.file, stringify({ config: { ...config, ...others } }));
  }

  /** Runs a command of cli/main.ts, such as `up` or `users add`, as `make` does. */
  make(command: string, ...args: (string | { readonly input: string })[]): Promise<Ran> {
    const words = args.filter((arg) => typeof arg === "string");
    const input = args.find((arg) => typeof arg !== "string")?.input ?? "";
    return this.start([command, ...words], input).ended;
  }

  /** Starts a command. The caller waits for it or kills it. */
  start(words: readonly string[], input = ""): Started {
    const [command = "", ...rest] = words;
    const stack = ["--config-file", this.file, ...command.split(" "), "--stack", this.name];
    return this.spawned(process.execPath, ["cli/main.ts", ...stack, ...rest], input);
  }

  /**
   * Starts a target of the Makefile, as a user does.
   * @param variables such as `SERVICE=api`
   */
  target(name: string, variables: readonly string[] = [], input = ""): Started {
    const stack = [`STACK=${this.name}`, `CONFIG_FILE=${this.file}`];
    return this.spawned("make", ["-o", "node_modules", name, ...stack, ...variables], input);
  }

  private spawned(program: string, args: readonly string[], input: string): Started {
    const child = spawn(program, args, {
      cwd: projectDir,
      env: this.environment(),
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.end(input);
    let output = "";
    const ended = new Promise<Ran>((done) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
          if (process.env.E2E_VERBOSE) process.stdout.write(text);
        });
      }
      child.on("close", (code) => done({ code: code ?? 1, output }));
    });
    return { child, ended, output: () => output };
  }

  /** Runs `up` and `drift`. Returns their changes, which should be empty. */
  async unchanged(): Promise<string> {
    const said: string[] = [];
    const up = await this.make("up");
    if (!up.output.includes("Nothing created, updated or replaced")) said.push(up.output);
    const preview = await this.make("preview");
    if (!preview.output.includes("Nothing would change.")) said.push(preview.output);
    const drift = await this.make("drift");
    if (drift.code !== 0) said.push(drift.output);
    return said.join("\n");
  }

  /** Sets a user's secret, as `make secret` does. */
  async secret(key: string, value: string): Promise<void> {
    const { code, output } = await this.make("secret", "--key", key, { input: value });
    if (code !== 0) throw new Error(output);
  }

  /** Returns the text of all files of the stack's settings and state, without the passphrase. */
  stateText(): string {
    if (!existsSync(this.stateDir)) return "";
    const entries = readdirSync(this.stateDir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && entry.name !== "passphrase");
    return [this.file, ...files.map(({ parentPath, name }) => join(parentPath, name))]
      .map((file) => readFileSync(file, "utf8"))
      .join("\n");
  }

  /** The folder with the encrypted state. */
  get stateDir(): string {
    return join(this.folder, "ragdock");
  }

  /** Returns the first container of a service, by its label, or "" if there is none. */
  async container(service: string): Promise<string> {
    return (await this.containers(service))[0] ?? "";
  }

  /** Returns the ids of the stack's containers, of one service or of all. */
  async containers(service?: string): Promise<string[]> {
    const filters = [
      `label=ragdock.stack=${this.name}`,
      ...(service ? [`label=ragdock.service=${service}`] : []),
    ];
    const text = await docker("ps", "-aq", "--no-trunc", ...filters.flatMap((f) => ["--filter", f]));
    return text.split("\n").filter(Boolean).sort();
  }

  /** Returns the names of the stack's volumes. */
  async volumes(): Promise<string[]> {
    const text = await docker("volume", "ls", "-q", "--filter", `label=ragdock.stack=${this.name}`);
    return text.split("\n").filter(Boolean).sort();
  }

  /** Removes the stack, its data and its files. */
  async remove(): Promise<void> {
    await this.make("destroy-data", "--confirm", this.name);
    for (const id of await this.containers()) await docker("rm", "-f", "-v", id);
    for (const volume of await this.volumes()) await docker("volume", "rm", volume);
    const networks = await docker("network", "ls", "-q", "--filter", `label=ragdock.stack=${this.name}`);
    for (const network of networks.split("\n").filter(Boolean)) await removeNetwork(network);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private environment(): NodeJS.ProcessEnv {
    // All stacks share the machine's cache of providers.
    const { PULUMI_CONFIG_PASSPHRASE: _, ...env } = process.env;
    return { ...env, XDG_STATE_HOME: this.folder, DEPLOYER: "embedded", ...this.variables };
  }
}

/**
 * Removes a network. Docker 20.10 now and then keeps an endpoint whose container is gone, until the
 * engine starts again. Such a network stays, and is named.
 */
async function removeNetwork(network: string): Promise<void> {
  await docker("network", "rm", network).catch(async (error: { readonly stderr?: string }) => {
    const containers = await docker("network", "inspect", "--format", "{{len .Containers}}", network);
    if (!error.stderr?.includes("has active endpoints") || containers.trim() !== "0") throw error;
    console.log(`Docker kept a network without containers: ${error.stderr.trim()}`);
  });
}

/** Runs the docker CLI and returns its output. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { maxBuffer: 256 * 2 ** 20 });
  return stdout;
}

/** Returns a container's whole log, with both streams. */
export async function logOf(id: string): Promise<string> {
  const { stdout, stderr } = await run("docker", ["logs", id], { maxBuffer: 256 * 2 ** 20 });
  return stdout + stderr;
}
