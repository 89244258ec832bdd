import { randomBytes } from "node:crypto";
import {
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
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { execa, execaSync } from "execa";
import { parse, stringify } from "yaml";
import type { Target } from "../../cli/load/send.ts";
import { readState } from "../../engine/index.ts";
import { type Container, containersOf, docker } from "../../host/docker.ts";
import { project, projectDir } from "../../host/paths.ts";
import { imagesOfDev, type Ran, run, tryRun } from "./measure.ts";

/** The name of the bench's stack. Other stacks may run on the same Docker host. */
export const stack = "bench";

/** The stack's public port. */
export const port = 28_080;

/** Settings of a stack's services, by name. */
export type Services = Readonly<Record<string, unknown>>;

/** Settings of a stack. */
export type Settings = Readonly<Record<string, unknown>> & { readonly services?: Services };

/** The settings of `full` in `dev`, with ports that no other stack uses. */
export const full: Settings = {
  system: "full",
  environment: "dev",
  services: {
    gateway: { port },
    prometheus: { port: 29_090 },
    grafana: { port: 23_000 },
  },
};

/** Returns a stack's settings with changes. Changed services are added to the stack's services. */
export const changed = (settings: Settings, changes: Settings) => ({
  ...settings,
  images: imagesOfDev(),
  ...changes,
  services: { ...settings.services, ...changes.services },
});

/** A copy of the last commit with a separate stack and state. The real checkout is not changed. */
export class Checkout {
  readonly images = imagesOfDev();
  /** The stack's gateway. With a sign-in, `enter` adds an API key. */
  target: Target = { port };
  /** The authority of the stack's certificate. `enter` reads it. */
  authority: string | undefined;
  readonly folder = mkdtempSync(join(tmpdir(), "ragdock-bench-"));
  readonly project = join(this.folder, "project");
  private readonly settings: Settings;
  private readonly state = join(this.folder, "state");
  private readonly passphrase = randomBytes(16).toString("hex");
  /** The unchanged text of each edited file. */
  private readonly originals = new Map<string, string>();
  private readonly editedImages = new Set<string>();

  constructor(settings: Settings) {
    this.settings = settings;
    mkdirSync(this.project);
    const copy = `git archive HEAD | tar -x -C '${this.project}'`;
    execaSync("bash", ["-o", "pipefail", "-c", copy], { cwd: projectDir });
    symlinkSync(join(projectDir, "node_modules"), join(this.project, "node_modules"));
    this.configure({});
  }

  /** Writes the stack's settings, with `changes`. */
  configure(changes: Settings): void {
    const file = join(this.project, `Pulumi.${stack}.yaml`);
    // The generations of rotated secrets stay.
    const key = `${project}:rotations`;
    const rotations = existsSync(file) ? parse(readFileSync(file, "utf8")).config[key] : undefined;
    const all = Object.entries(changed(this.settings, changes));
    const config = Object.fromEntries(all.map(([name, value]) => [`${project}:${name}`, value]));
    writeFileSync(file, stringify({ config: { ...config, [key]: rotations } }));
  }

  /** Changes a file of the copy. */
  edit(file: string, change: (text: string) => string): void {
    const text = readFileSync(join(this.project, file), "utf8");
    if (!this.originals.has(file)) this.originals.set(file, text);
    writeFileSync(join(this.project, file), change(text));
  }

  /** Replaces a part of a file of the copy. @throws if the file does not contain it */
  replace(file: string, piece: string, by: string): void {
    this.edit(file, (text) => {
      if (!text.includes(piece)) throw new Error(`${file} does not contain: ${piece}`);
      return text.replace(piece, by);
    });
  }

  /** Reverts all edits of a file of the copy. */
  restore(file: string): void {
    const original = this.originals.get(file);
    if (original !== undefined) writeFileSync(join(this.project, file), original);
  }

  /** Adds a comment line to the application while `work` runs. Each call adds another comment. */
  async edited<T>(work: () => Promise<T>): Promise<T> {
    const file = "app/ragapp/__init__.py";
    const before = new Set([...(await this.builtImages()).values()].map(({ tag }) => tag));
    this.edit(file, (text) => `${text}# edited at ${Date.now()}\n`);
    try {
      return await work();
    } finally {
      this.restore(file);
      for (const { tag } of (await this.builtImages()).values()) {
        if (!before.has(tag)) this.editedImages.add(tag);
      }
    }
  }

  /** Runs `make TARGET STACK=bench`. Does not throw if it fails. */
  tryMake(target: string, ...args: string[]): Promise<Ran> {
    return tryRun(this.command(target, ...args), this.options);
  }

  /** Runs `make TARGET STACK=bench`. @throws the end of the output if it fails */
  make(target: string, ...args: string[]): Promise<Ran> {
    return run(`make ${target}`, this.command(target, ...args), this.options);
  }

  /**
   * Starts `make up`, and kills all its processes with SIGKILL after some seconds if it still runs.
   */
  async killed(seconds: number): Promise<void> {
    const command = ["--signal=KILL", String(seconds), ...this.command("up")];
    await execa("timeout", command, { ...this.options, stdio: "ignore", reject: false });
  }

  /** Returns the stack's images by resource name, without the stack's prefix. */
  async builtImages(): Promise<Map<string, { tag: string; id: string }>> {
    const prefix = `${project}-${stack}-image-`;
    const resources = await readState({
      stateDir: join(this.state, "ragdock"),
      projectDir: this.project,
      project,
      stack,
      passphrase: this.passphrase,
      config: {},
    });
    const images = resources.filter((r) => r.type === "docker:index/remoteImage:RemoteImage");
    return new Map(
      images.map(({ name, outputs }) => [
        name.slice(prefix.length),
        { tag: String(outputs.name), id: String(outputs.imageId) },
      ]),
    );
  }

  /**
   * Creates an API key for the requests to a running stack with TLS and a sign-in. From then on,
   * this process trusts the stack's own authority.
   */
  async enter(): Promise<void> {
    const ragdock = (...args: string[]): Promise<Ran> =>
      run(`ragdock ${args[0]}`, ["./ragdock", ...args, "--stack", stack], this.options);
    this.authority = (await ragdock("certificate")).output;
    setDefaultCACertificates([...getCACertificates("default"), this.authority]);
    const { output } = await ragdock(
      "keys",
      "create",
      "--name",
      randomBytes(4).toString("hex"),
      "--role",
      "admin",
    );
    const [key] = /rdk_[0-9a-f]+_[0-9a-f]+/.exec(output) ?? [];
    this.target = { port, tls: true, headers: { authorization: `Bearer ${key}` } };
  }

  /** Sends a request to the stack's API, such as `/ready`. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const { tls, headers } = this.target;
    const origin = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
    return fetch(`${origin}/api${path}`, { ...init, headers: { ...headers, ...(init.headers as object) } });
  }

  containers(): Promise<Container[]> {
    return containersOf(stack);
  }

  /** Returns a container of a service. @throws if there is none */
  async container(service: string): Promise<Container> {
    const [container] = await containersOf(stack, service);
    if (!container) throw new Error(`there is no ${service}`);
    return container;
  }

  /** Removes everything: stack, data, images of edits and files. */
  async remove(): Promise<void> {
    await this.tryMake("destroy-data", `CONFIRM=${stack}`);
    for (const { Id } of await this.containers()) await docker("rm", "-f", Id);
    for (const tag of this.editedImages) await tryRun(["docker", "image", "rm", tag]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** It uses the real checkout's `node_modules` and never reinstalls them. */
  private command(target: string, ...args: string[]): string[] {
    return ["make", "-o", "node_modules", target, `STACK=${stack}`, ...args];
  }

  private get options() {
    const { MAKEFLAGS: _, MFLAGS: __, FRESH: ___, SYSTEM: ____, ...env } = process.env;
    return {
      cwd: this.project,
      timeout: 1_500_000,
      extendEnv: false,
      env: {
        ...env,
        XDG_STATE_HOME: this.state,
        DEPLOYER: "embedded",
        PULUMI_CONFIG_PASSPHRASE: this.passphrase,
      },
    };
  }
}
