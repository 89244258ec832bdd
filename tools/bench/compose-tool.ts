import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type ComposeFile, writeCompose } from "../../cli/compose.ts";
import { type Ran, run, say, tryRun } from "./measure.ts";

/** The version of Compose in the comparison. */
export const composeVersion = "v2.40.3";

const composePackage = "github.com/docker/compose/v2/cmd";

/** Returns the path of Compose. The first call on a machine builds it, which takes minutes. */
export async function ensureCompose(): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const binary = join(cache, "ragdock", "compose", composeVersion, "docker-compose");
  if (existsSync(binary)) return binary;
  say(`building Compose ${composeVersion} from its Go module, once: several minutes`);
  mkdirSync(join(binary, ".."), { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "ragdock-compose-"));
  const unfinished = `${binary}.${process.pid}`;
  const go = (...args: string[]) =>
    run(`go ${args[0]}`, ["go", ...args], { cwd: folder, timeout: 1_800_000 });
  try {
    await go("mod", "init", "compose");
    await go("get", `${composePackage}@${composeVersion}`);
    await go("build", "-trimpath", "-ldflags", "-s -w", "-o", unfinished, composePackage);
    renameSync(unfinished, binary);
    return binary;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(unfinished, { force: true });
  }
}

/**
 * A Compose project, with its file in a temporary folder. Its commands throw the end of their
 * output if they fail.
 */
export class ComposeProject {
  private readonly binary: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "ragdock-bench-compose-"));

  constructor(binary: string) {
    this.binary = binary;
  }

  /** Writes the project's files for the next `up`. */
  write(file: ComposeFile, configs: Readonly<Record<string, string>> = {}): void {
    writeCompose(this.folder, file, configs);
  }

  /** Starts some services again. Compose does not detect changed config files. */
  recreate(...services: string[]): Promise<Ran> {
    const wait = ["--wait", "--wait-timeout", "400"];
    return this.compose("up", "-d", ...wait, "--no-deps", "--force-recreate", ...services);
  }

  /** Runs a job again, to its end. */
  rerun(job: string): Promise<Ran> {
    return this.compose("run", "--rm", "--no-deps", job);
  }

  up(...options: string[]): Promise<Ran> {
    return this.compose(...options, "up", "-d", "--build", "--wait", "--wait-timeout", "400");
  }

  /** Volumes stay, as with `make down`. Does not throw if it fails. */
  down(...options: string[]): Promise<Ran> {
    return tryRun(this.command("down", "--timeout", "10", ...options), { timeout: 500_000 });
  }

  /** Removes everything, including the data. */
  async remove(): Promise<void> {
    await this.down("--volumes", "--remove-orphans");
    rmSync(this.folder, { recursive: true, force: true });
  }

  private compose(...args: string[]): Promise<Ran> {
    return run(`docker compose ${args.join(" ")}`, this.command(...args), { timeout: 500_000 });
  }

  private command(...args: string[]): string[] {
    return [this.binary, "--progress", "quiet", "-f", join(this.folder, "compose.yaml"), ...args];
  }
}
