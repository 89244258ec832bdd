import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { lockedReference } from "../../config/images.ts";
import type { CatalogueImage, ImageSource } from "../../config/spec/image.ts";
import { publishedPorts, type ServiceSpec } from "../../config/spec/service.ts";
import { eventually } from "../../tools/eventually.ts";
import { standIn } from "./docker.ts";
import { systemWith } from "./program.ts";

const run = promisify(execFile);

/** The registry's only account. The hash is bcrypt, the only kind that the registry accepts. */
export const account = { user: "deploy", password: "registry-canary-7f3a9c" } as const;
const passwordHash = "$2b$05$M691Sh81Tcg1Se.mrqmIduAmuG6tziELCCDqk9XeIVwEAQ9s8TF8a";

/** The password in plain text, and as `docker login` writes it. */
export const secretTexts = [
  account.password,
  Buffer.from(`${account.user}:${account.password}`).toString("base64"),
] as const;

function catalogue(source: ImageSource): CatalogueImage[] {
  if (source.from === "catalogue") return [source.image];
  return source.from === "build" ? (source.bases ?? []).flatMap(catalogue) : [];
}

/** The settings of a system from the mirror. */
export interface RegistrySettings {
  readonly [key: string]: unknown;
  readonly services: Readonly<Record<string, { readonly port?: number; readonly enabled?: boolean }>>;
}

/** A registry with TLS: its address, and the files of its certificate and key. */
export interface Secured {
  readonly address: string;
  readonly certificate: string;
  readonly key: string;
}

/**
 * A registry on this machine that demands a login, and serves the stand-ins under the official
 * names, as a mirror. By default it listens on localhost, for which Docker uses no TLS.
 */
export class TestRegistry {
  /** The host and port, as in references. */
  readonly host: string;
  /** The folder with the files of the registry and of its clients. */
  readonly folder = mkdtempSync(join(tmpdir(), "ragdock-registry-"));
  /** A DOCKER_CONFIG folder without a login. */
  readonly anonymous = this.configFolder("anonymous", {});
  /** A DOCKER_CONFIG folder whose config.json has the login, as `docker login` writes it. */
  readonly loggedIn: string;
  readonly #port: number;
  readonly #secured: Secured | undefined;
  readonly #served = new Set<string>();
  #process: ChildProcess | undefined;

  constructor(port: number, secured?: Secured) {
    this.#port = port;
    this.#secured = secured;
    this.host = `${secured?.address ?? "localhost"}:${port}`;
    const [, auth] = secretTexts;
    this.loggedIn = this.configFolder("logged-in", { auths: { [this.host]: { auth } } });
  }

  async start(): Promise<void> {
    const htpasswd = join(this.folder, "htpasswd");
    const config = join(this.folder, "config.yml");
    writeFileSync(htpasswd, `${account.user}:${passwordHash}\n`);
    const settings = {
      version: "0.1",
      storage: { filesystem: { rootdirectory: join(this.folder, "data") } },
      http: {
        addr: `${this.#secured?.address ?? "127.0.0.1"}:${this.#port}`,
        ...(this.#secured ? { tls: { certificate: this.#secured.certificate, key: this.#secured.key } } : {}),
      },
      auth: { htpasswd: { realm: "test", path: htpasswd } },
      log: { level: "error" },
    };
    writeFileSync(config, JSON.stringify(settings));
    this.#process = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
    await eventually(() => this.#listens(), 20);
  }

  async #listens(): Promise<true> {
    const [host = "", port] = this.host.split(":");
    await new Promise<void>((open, fail) => {
      const socket = connect(Number(port), host, () => {
        socket.destroy();
        open();
      }).on("error", fail);
    });
    return true;
  }

  /** The prefix of the mirror, for the setting `registry`. */
  get mirror(): string {
    return `${this.host}/mirror`;
  }

  /** The reference of an official image in the mirror. */
  mirrored(reference: string): string {
    return lockedReference(reference, this.mirror).replace(/@.*/, "");
  }

  /**
   * The settings of a system from the mirror, with its own ports and without the services whose
   * image has no stand-in.
   * @param more more settings of the system
   */
  settingsOf(system: string, more: Record<string, unknown> = {}): RegistrySettings {
    const { services } = systemWith({ ...more, system, images: "registry" });
    const lacking = services.filter((service) => !this.hasImage(service)).map(({ name }) => name);
    const owners = services.flatMap((s) => publishedPorts(s).map(({ owner = s.name }) => owner));
    const own: RegistrySettings["services"] = {
      ...Object.fromEntries(
        [...new Set(owners)].map((name, index) => [name, { port: this.#port + 10 + index }]),
      ),
      ...Object.fromEntries(lacking.map((name) => [name, { enabled: false }])),
    };
    return { ...more, system, images: "registry", registry: this.mirror, services: own };
  }

  /** Whether a service's image has a stand-in, or is served already. */
  private hasImage({ image }: ServiceSpec): boolean {
    if (image.from !== "catalogue" || !("unavailable" in image.image.standIn)) return true;
    return this.#served.has(this.mirrored(image.image.reference));
  }

  /** Serves the images that a system pulls or builds on. */
  async serveSystem(settings: Record<string, unknown>): Promise<void> {
    const wanted = systemWith(settings).services.flatMap(({ image }) => catalogue(image));
    for (const { name, reference, wrapped } of wanted) {
      await this.serveStandIn(name, this.mirrored(reference));
      // The stand-in has BusyBox too.
      if (wrapped) await this.serveStandIn(name, this.mirrored(wrapped.base));
    }
  }

  /** Removes the pulled images from this machine. */
  async forget(): Promise<void> {
    for (const reference of this.#served) await run("docker", ["rmi", reference]).catch(() => undefined);
  }

  private async serveStandIn(name: string, reference: string): Promise<void> {
    if (!this.#served.has(reference)) await this.serve(await standIn(name), reference);
  }

  /**
   * Serves a local image under `reference`. Afterwards this machine does not have that reference.
   */
  async serve(image: string, reference: string): Promise<void> {
    const env = { ...process.env, DOCKER_CONFIG: this.loggedIn };
    await run("docker", ["tag", image, reference]);
    await run("docker", ["push", "-q", reference], { env });
    await run("docker", ["rmi", reference]);
    this.#served.add(reference);
  }

  /**
   * Returns variables with which the docker CLI gets the login from a credential helper, and its
   * config.json has none.
   */
  helper(): { DOCKER_CONFIG: string; PATH: string } {
    const folder = this.configFolder("helper", { credHelpers: { [this.host]: "ragdock-test" } });
    const login = JSON.stringify({ ServerURL: this.host, Username: account.user, Secret: account.password });
    writeFileSync(join(folder, "docker-credential-ragdock-test"), `#!/bin/sh\necho '${login}'\n`, {
      mode: 0o755,
    });
    return { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env.PATH}` };
  }

  async stop(): Promise<void> {
    this.#process?.kill();
    await this.forget();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private configFolder(name: string, config: Record<string, unknown>): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    return folder;
  }
}
