import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { images } from "../../config/images.ts";
import type { CatalogueImage } from "../../config/spec/image.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { docker } from "../../host/docker.ts";

const run = promisify(execFile);
const built = new Map<string, Promise<string>>();

/** Returns an image of the catalogue. */
export function imageNamed(name: string): CatalogueImage {
  const image = images.find((one) => one.name === name);
  if (!image) throw new Error(`the catalogue has no ${name}`);
  return image;
}

/** Builds an image's stand-in and its base images, once per test file. Returns its tag. */
export function standIn(name: string): Promise<string> {
  const tag = built.get(name) ?? build(name);
  built.set(name, tag);
  return tag;
}

async function build(name: string): Promise<string> {
  const { standIn: how } = imageNamed(name);
  if ("unavailable" in how) throw new Error(`${name} has no stand-in: ${how.unavailable}`);
  const on = how.base
    ? `PYTHON_IMAGE=${await standIn(how.base.name)}`
    : `BASE_IMAGE=${await ensureBaseImage()}`;
  const tag = `ragdock-test/${name}`;
  const env = { ...process.env, DOCKER_BUILDKIT: buildKit() };
  const more = Object.entries(how.args ?? {}).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  await run("docker", ["build", "-q", "--build-arg", on, ...more, "-t", tag, how.folder], { env });
  return tag;
}

/**
 * From version 23 of the docker CLI on, BuildKit needs the buildx plugin. Without it, the classic
 * builder is used.
 */
function buildKit(): "0" | "1" {
  const { stdout } = spawnSync("docker", ["version", "--format", "{{.Client.Version}}"], {
    encoding: "utf8",
  });
  const bundled = Number.parseInt(stdout, 10) < 23;
  return bundled || spawnSync("docker", ["buildx", "version"]).status === 0 ? "1" : "0";
}

/** Returns a name that no other run uses. */
export function uniqueName(part: string): string {
  return `ragdock-test-${part}-${randomBytes(4).toString("hex")}`;
}

/** A running container. */
export class TestContainer {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** Runs a command in the container and returns its output. @throws if the command fails */
  async exec(...command: readonly string[]): Promise<string> {
    return (await docker("exec", this.name, ...command)).trim();
  }

  /** Runs a health check until it succeeds. */
  async healthy(healthcheck: readonly string[], seconds = 30): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      try {
        await this.exec(...healthcheck);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`${this.name}: ${error}\n${await this.logs()}`);
        await sleep(200);
      }
    }
  }

  /** Returns the container's standard output and standard error. */
  async logs(): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", this.name]);
    return stdout + stderr;
  }

  /** Returns the user of the container's first process. */
  async uid(): Promise<string> {
    const status = await this.exec("cat", "/proc/1/status");
    return `${/^Uid:\s+(\d+)/m.exec(status)?.[1]}:${/^Gid:\s+(\d+)/m.exec(status)?.[1]}`;
  }

  /** Stops the container with the image's stop signal and returns its exit code. */
  async stop(): Promise<number> {
    await docker("stop", this.name);
    return Number(await docker("inspect", "--format", "{{.State.ExitCode}}", this.name));
  }
}

interface Start {
  readonly options?: readonly string[];
  readonly command?: readonly string[];
  /** Whether it runs with the user and the capabilities of its service. @default true */
  readonly restricted?: boolean;
}

/** The user and the capabilities that a service of this image has. */
export const restrictions = ({ user }: CatalogueImage): string[] => [
  ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"],
  ...(user.startsWith("0:") ? [] : ["--user", user]),
];

/**
 * Starts a container and passes it to `use`. Removes it with its anonymous volumes afterwards, even
 * after an error.
 */
export async function withContainer<T>(
  image: string,
  { options = [], command = [], restricted = true }: Start,
  use: (container: TestContainer) => Promise<T>,
): Promise<T> {
  const name = uniqueName(image);
  const tag = await standIn(image);
  try {
    const limits = restricted ? restrictions(imageNamed(image)) : [];
    await docker("run", "-d", "--name", name, ...limits, ...options, tag, ...command);
    return await use(new TestContainer(name));
  } finally {
    await docker("rm", "-fv", name).catch(() => {});
  }
}

/** Runs a container and waits until it ends. Returns its exit code and its output. */
export function runToEnd(
  tag: string,
  options: readonly string[],
  command: readonly string[] = [],
): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync("docker", ["run", "--rm", ...options, tag, ...command], {
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

/** Creates a volume, passes its name to `use`, and removes the volume. */
export async function withVolume<T>(use: (name: string) => Promise<T>): Promise<T> {
  const name = uniqueName("volume");
  try {
    await docker("volume", "create", name);
    return await use(name);
  } finally {
    await docker("volume", "rm", "-f", name).catch(() => {});
  }
}
