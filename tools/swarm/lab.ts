/** A Swarm of three engines and a registry that all of them pull from, on this machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { imageModeOf } from "../../cli/system.ts";
import { imagePlan } from "../../components/image-plan.ts";
import { resolveSystem } from "../../config/resolve.ts";
import { defined } from "../../config/spec/defined.ts";
import { rotationsKey } from "../../config/spec/deployment.ts";
import { imageName } from "../../config/spec/image.ts";
import { project, projectDir } from "../../host/paths.ts";
import { eventually } from "../eventually.ts";
import { machine, TestSwarm } from "./nodes.ts";

type Settings = Readonly<Record<string, unknown>>;

/** The settings of a stack that runs here, with images that its nodes can pull. */
export interface Served extends Settings {
  readonly pinned: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, Settings>>;
}

export class SwarmLab {
  readonly swarm: TestSwarm;
  readonly #port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "ragdock-lab-"));
  #registry: ChildProcess | undefined;

  /**
   * @param port of the registry on this machine
   * @param nodes how many
   */
  constructor(port: number, nodes = 3) {
    this.#port = port;
    this.swarm = new TestSwarm(`${machine}:${port}`, nodes);
  }

  async start(): Promise<void> {
    const config = join(this.#folder, "registry.yml");
    const storage = { filesystem: { rootdirectory: join(this.#folder, "images") } };
    const settings = { version: "0.1", storage, http: { addr: `:${this.#port}` }, log: { level: "error" } };
    writeFileSync(config, stringify(settings));
    this.#registry = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
    await eventually(async () => (await fetch(`http://127.0.0.1:${this.#port}/v2/`)).ok || undefined, 20);
    await this.swarm.start();
  }

  /** Pushes an image of this machine to the registry. Returns the reference for the nodes. */
  async serve(image: string): Promise<string> {
    const pushed = `localhost:${this.#port}/${image}`;
    await execa("docker", ["tag", image, pushed]);
    await execa("docker", ["push", "-q", pushed]);
    await execa("docker", ["rmi", pushed]);
    return `${machine}:${this.#port}/${image}`;
  }

  /** The reference that this machine has for an image of the registry. */
  static here(reference: string): string {
    return reference.slice(reference.indexOf("/") + 1);
  }

  /** Builds an image on another one. Returns its reference for the nodes. */
  async variant(image: string, name: string, ...instructions: readonly string[]): Promise<string> {
    const tag = `ragdock-lab/${name}:1`;
    const input = [`FROM ${image}`, ...instructions, ""].join("\n");
    await execa("docker", ["build", "-q", "-t", tag, "-"], { input });
    try {
      return await this.serve(tag);
    } finally {
      await execa("docker", ["rmi", tag]);
    }
  }

  /**
   * Builds the images of a system on this machine, because no node has a way to package mirrors.
   * Services without an image from packages are switched off.
   * @param secrets the secrets that the user sets
   */
  async served(name: string, settings: Settings, secrets: readonly string[] = []): Promise<Served> {
    const packages = { ...settings, images: "packages" };
    const facts = { project, stack: name, secrets: new Set(secrets), host: {} };
    const system = resolveSystem(packages, facts);
    await this.#build(name, packages, secrets);
    const mode = await imageModeOf(system);
    const pinned: Record<string, string> = {};
    for (const { image } of system.services)
      pinned[imageName(image)] ??= await this.serve(imagePlan(image, mode).reference);
    const lacking = Object.keys(system.unavailable).map((one) => [one, { enabled: false }] as const);
    const services = { ...(settings.services as Served["services"]), ...Object.fromEntries(lacking) };
    return { ...settings, target: "swarm", images: "registry", pinned, services };
  }

  async #build(name: string, settings: Settings, secrets: readonly string[]): Promise<void> {
    const stack = new LabStack(name, settings);
    try {
      for (const key of secrets) await stack.secret(key, "for the build only");
      const { code, output } = await stack.make("build");
      if (code !== 0) throw new Error(output);
    } finally {
      stack.remove();
    }
  }

  async stop(): Promise<void> {
    try {
      await this.swarm.stop();
    } finally {
      this.#registry?.kill();
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
}

/** A stack with its settings and state in a temporary folder. */
export class LabStack {
  readonly name: string;
  readonly folder = mkdtempSync(join(tmpdir(), "ragdock-lab-"));
  readonly #others: Settings;

  /** @param others settings of other packages, with their full names */
  constructor(name: string, settings: Settings, others: Settings = {}) {
    this.name = name;
    this.#others = others;
    this.configure(settings);
  }

  /** Replaces the settings, given without `ragdock:`. The generations of rotated secrets stay. */
  configure(settings: Settings): void {
    const own = Object.entries(settings).map(([key, value]) => [`${project}:${key}`, value]);
    const rotations = { [rotationsKey]: existsSync(this.#file) ? this.#config()[rotationsKey] : undefined };
    const config = { ...Object.fromEntries(own), ...this.#others, ...defined(rotations) };
    writeFileSync(this.#file, stringify({ config }));
  }

  #config(): Settings {
    return (parse(readFileSync(this.#file, "utf8")) as { readonly config: Settings }).config;
  }

  async secret(key: string, value: string): Promise<void> {
    const { code, output } = await this.make("secret", ["--key", key], value);
    if (code !== 0) throw new Error(output);
  }

  /** Runs a command, as `make` does. Does not throw if it fails. */
  async make(
    command: string,
    args: readonly string[] = [],
    input = "",
  ): Promise<{ readonly code: number; readonly output: string; readonly seconds: number }> {
    const begun = performance.now();
    const words = ["--config-file", this.#file, ...command.split(" "), "--stack", this.name, ...args];
    const { PULUMI_CONFIG_PASSPHRASE: _, ...all } = process.env;
    const { exitCode = 1, all: output } = await execa(process.execPath, ["cli/main.ts", ...words], {
      ...{ cwd: projectDir, input, all: true, reject: false, extendEnv: false },
      env: { ...all, XDG_STATE_HOME: this.folder, DEPLOYER: "embedded" },
    });
    return { code: exitCode, output, seconds: (performance.now() - begun) / 1000 };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #file(): string {
    return join(this.folder, `Pulumi.${this.name}.yaml`);
  }
}
