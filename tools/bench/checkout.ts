import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type EngineOptions, type ResourceView, readState } from "../../engine/index.ts";
import { type Container, containersOf, docker } from "../../host/docker.ts";
import { project, projectDir } from "../../host/paths.ts";
import { type Ran, run, secondsOf } from "./measure.ts";

/** The name of the bench's stack. Other stacks may run on the same Docker host. */
export const stack = "bench";

/** The stack's public port. */
export const port = 28_080;

/** The stack's settings before any change. */
export interface BenchSettings {
  readonly system: string;
  readonly environment: string;
  /** Settings of services, with ports that no other stack uses. */
  readonly services: Readonly<Record<string, Record<string, unknown>>>;
}

/** Settings of a change. Those of services are added to the stack's settings of services. */
export interface Changes {
  readonly services?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** The settings of `full` in `dev`. */
export const full: BenchSettings = {
  system: "full",
  environment: "dev",
  services: {
    gateway: { port },
    prometheus: { port: 29_090 },
    alertmanager: { port: 29_093 },
    grafana: { port: 23_000 },
  },
};

/** Returns a stack's settings with changes. */
export const changed = (settings: BenchSettings, images: Checkout["images"], changes: Changes) => ({
  ...settings,
  images,
  ...changes,
  services: { ...settings.services, ...changes.services },
});

/**
 * A copy of the last commit with a separate stack and state. Edits and settings never change the
 * real checkout.
 */
export class Checkout {
  /** The stack's public port. */
  readonly port = port;
  readonly folder = mkdtempSync(join(tmpdir(), "ragdock-bench-"));
  readonly images: "registry" | "packages";
  private readonly settings: BenchSettings;
  private readonly state = join(this.folder, "state");
  private readonly fromEdits = new Set<string>();
  private readonly passphrase = randomBytes(16).toString("hex");

  private constructor(images: "registry" | "packages", settings: BenchSettings) {
    this.images = images;
    this.settings = settings;
  }

  static async make(images: "registry" | "packages", settings = full): Promise<Checkout> {
    const made = new Checkout(images, settings);
    mkdirSync(made.project);
    const copy = `git archive HEAD | tar -x -C '${made.project}'`;
    secondsOf("copying the checkout", await run(["bash", "-o", "pipefail", "-c", copy], { cwd: projectDir }));
    symlinkSync(join(projectDir, "node_modules"), join(made.project, "node_modules"));
    made.configure({});
    return made;
  }

  /** Writes the stack's settings, with `changes`. */
  configure(changes: Changes): void {
    const file = join(this.project, `Pulumi.${stack}.yaml`);
    // The generations of rotated secrets stay.
    const key = `${project}:rotations`;
    const rotations = existsSync(file) ? parse(readFileSync(file, "utf8")).config[key] : undefined;
    const all = changed(this.settings, this.images, changes);
    const config = Object.entries(all).map(([name, value]) => [`${project}:${name}`, value]);
    writeFileSync(file, stringify({ config: { ...Object.fromEntries(config), [key]: rotations } }));
  }

  /** Appends text to a file of the copy. */
  append(file: string, text: string): void {
    appendFileSync(join(this.project, file), text);
  }

  /** Replaces a part of a file of the copy. @throws if the file does not contain it */
  replace(file: string, piece: string, by: string): void {
    const path = join(this.project, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(piece)) throw new Error(`${file} does not contain: ${piece}`);
    writeFileSync(path, text.replace(piece, by));
  }

  /** Reverts the edits of a file of the copy. */
  restore(file: string): void {
    copyFileSync(join(projectDir, file), join(this.project, file));
  }

  /**
   * Starts `make up`, and kills all its processes with SIGKILL after the given seconds unless it
   * has ended.
   */
  async killed(seconds: number): Promise<void> {
    const child = spawn("make", ["-o", "node_modules", "up", `STACK=${stack}`], {
      cwd: this.project,
      env: this.environment(),
      stdio: "ignore",
      detached: true,
    });
    const ended = new Promise<void>((done) => child.once("exit", () => done()));
    const timer = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), seconds * 1000);
    await ended;
    clearTimeout(timer);
  }

  get project(): string {
    return join(this.folder, "project");
  }

  /**
   * Runs `make TARGET STACK=bench`. It uses the real checkout's `node_modules` and never reinstalls
   * them.
   */
  make(target: string, ...args: string[]): Promise<Ran> {
    return run(["make", "-o", "node_modules", target, `STACK=${stack}`, ...args], {
      cwd: this.project,
      env: this.environment(),
      timeoutSeconds: 1500,
    });
  }

  /** Adds a comment line to the application while `work` runs. Each call adds another one. */
  async edited<T>(work: () => Promise<T>): Promise<T> {
    const file = join(this.project, "app/ragapp/__init__.py");
    const before = readFileSync(file);
    appendFileSync(file, `# edited at ${Date.now()}\n`);
    try {
      return await work();
    } finally {
      writeFileSync(file, before);
    }
  }

  /** Returns the stack's images by resource name, without the stack's prefix. */
  async builtImages(): Promise<Map<string, { tag: string; id: string }>> {
    const prefix = `${project}-${stack}-image-`;
    const images = (await this.resources()).filter((r) => r.type === "docker:index/remoteImage:RemoteImage");
    return new Map(
      images.map(({ name, outputs }) => [
        name.slice(prefix.length),
        { tag: String(outputs.name), id: String(outputs.imageId) },
      ]),
    );
  }

  /** Records the images of an edit, so that `remove` deletes them. */
  async recordEdited(before: ReadonlyMap<string, { tag: string }>): Promise<void> {
    const known = new Set([...before.values()].map((image) => image.tag));
    for (const { tag } of (await this.builtImages()).values()) if (!known.has(tag)) this.fromEdits.add(tag);
  }

  containers(): Promise<Container[]> {
    return containersOf(stack);
  }

  /** Removes everything: stack, data, images of edits and files. */
  async remove(): Promise<void> {
    await this.make("destroy-data", `CONFIRM=${stack}`);
    for (const { Id } of await this.containers()) await docker("rm", "-f", Id);
    for (const tag of this.fromEdits) await run(["docker", "image", "rm", tag]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private resources(): Promise<ResourceView[]> {
    const paths = { stateDir: join(this.state, "ragdock"), projectDir: this.project };
    const options: EngineOptions = { ...paths, project, stack, passphrase: this.passphrase, config: {} };
    return readState(options);
  }

  private environment(): NodeJS.ProcessEnv {
    const { MAKEFLAGS: _, MFLAGS: __, FRESH: ___, SYSTEM: ____, ...env } = process.env;
    return {
      ...env,
      XDG_STATE_HOME: this.state,
      DEPLOYER: "embedded",
      PULUMI_CONFIG_PASSPHRASE: this.passphrase,
    };
  }
}
