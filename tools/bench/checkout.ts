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

/** The bench's stack; beside it others may run on the same engine. */
export const stack = "bench";

/** The port at which users come in. */
export const port = 28_080;

/** What the stack is without the changes that are tried. */
export interface BenchSettings {
  readonly system: string;
  readonly environment: string;
  /** Ports of its own among them. */
  readonly services: Readonly<Record<string, Record<string, unknown>>>;
}

/** Settings that a change gives the stack; those of services are put beside its own. */
export interface Changes {
  readonly services?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** `full` as `dev` has it. */
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

/** A stack's settings with changes in them. */
export const changed = (settings: BenchSettings, images: Checkout["images"], changes: Changes) => ({
  ...settings,
  images,
  ...changes,
  services: { ...settings.services, ...changes.services },
});

/** A copy of the last commit with a stack and a state of its own: edits and settings never touch the real checkout. */
export class Checkout {
  /** Where users come in. */
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

  /** Makes the stack's settings the bench's own, with `changes` in them. */
  configure(changes: Changes): void {
    const file = join(this.project, `Pulumi.${stack}.yaml`);
    // What was rotated stays so.
    const key = `${project}:rotations`;
    const rotations = existsSync(file) ? parse(readFileSync(file, "utf8")).config[key] : undefined;
    const all = changed(this.settings, this.images, changes);
    const config = Object.entries(all).map(([name, value]) => [`${project}:${name}`, value]);
    writeFileSync(file, stringify({ config: { ...Object.fromEntries(config), [key]: rotations } }));
  }

  /** Adds to the end of a file of the copy. */
  append(file: string, text: string): void {
    appendFileSync(join(this.project, file), text);
  }

  /** Replaces a piece of a file of the copy; throws when it is not there. */
  replace(file: string, piece: string, by: string): void {
    const path = join(this.project, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(piece)) throw new Error(`There is no ${piece} in ${file}.`);
    writeFileSync(path, text.replace(piece, by));
  }

  /** Takes the edits of a file of the copy back. */
  restore(file: string): void {
    copyFileSync(join(projectDir, file), join(this.project, file));
  }

  /** Starts `make up` and ends it with SIGKILL, all its processes, after so many seconds, unless it has ended before. */
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

  /** Runs `make TARGET STACK=bench`; `node_modules` is the real checkout's and never made anew. */
  make(target: string, ...args: string[]): Promise<Ran> {
    return run(["make", "-o", "node_modules", target, `STACK=${stack}`, ...args], {
      cwd: this.project,
      env: this.environment(),
      timeoutSeconds: 1500,
    });
  }

  /** Adds a line of comment to the application while `work` runs, another one each time. */
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

  /** The stack's images by resource name, without the stack's prefix. */
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

  /** Remembers the images that an edit made, for `remove`. */
  async noteEdited(before: ReadonlyMap<string, { tag: string }>): Promise<void> {
    const known = new Set([...before.values()].map((image) => image.tag));
    for (const { tag } of (await this.builtImages()).values()) if (!known.has(tag)) this.fromEdits.add(tag);
  }

  containers(): Promise<Container[]> {
    return containersOf(stack);
  }

  /** Takes everything away: stack, data, images of edits, files. */
  async remove(): Promise<void> {
    await this.make("destroy-data", `CONFIRM=${stack}`);
    for (const { Id } of await this.containers()) await docker("rm", "-f", Id);
    for (const tag of this.fromEdits) await run(["docker", "image", "rm", tag]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private resources(): Promise<ResourceView[]> {
    const place = { stateDir: join(this.state, "ragdock"), projectDir: this.project, project, stack };
    const options: EngineOptions = { ...place, passphrase: this.passphrase, config: {} };
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
