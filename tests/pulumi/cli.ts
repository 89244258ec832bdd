import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { installPlugins } from "../../engine/index.ts";

export const projectDir = fileURLToPath(new URL("../..", import.meta.url));

/** The output and exit code of a command. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly output: string;
}

/**
 * Returns the commands of the real CLI that are not on PATH.
 * @param more commands that are needed in addition
 */
export function missingCommands(...more: readonly string[]): string[] {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return ["pulumi", "pulumi-language-nodejs", ...more].filter((command) => {
    return !folders.some((folder) => {
      try {
        accessSync(join(folder, command), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  });
}

/** A stack of the real CLI, with its home, backend and stack file in a temporary folder. */
export class CliStack {
  readonly name: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "ragdock-pulumi-"));
  readonly #env: NodeJS.ProcessEnv;
  /** Variables of the commands' environment, in addition to those of this process. */
  variables: NodeJS.ProcessEnv = {};

  readonly #program: string;

  /** @param program the folder of the program */
  constructor(name: string, program = projectDir) {
    this.name = name;
    this.#program = program;
    const home = join(this.#folder, "home");
    installPlugins(home);
    this.#env = {
      ...process.env,
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${this.#folder}`,
      PULUMI_CONFIG_PASSPHRASE: "correct horse battery staple",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
  }

  /** Replaces the stack's settings, given without `ragdock:`. Its secrets stay. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    const entries = Object.entries(settings).map(([key, value]) => [`ragdock:${key}`, value] as const);
    const { config = {}, ...encryption } = existsSync(this.#file)
      ? parse(readFileSync(this.#file, "utf8"))
      : {};
    const secrets = Object.entries(config as Record<string, { readonly secure?: string }>).filter(
      ([, value]) => value.secure !== undefined,
    );
    const all = Object.fromEntries([...entries, ...secrets]);
    writeFileSync(this.#file, stringify({ ...encryption, config: all }));
  }

  /** Sets a user's secret, as the guide says. */
  async secret(key: string, value: string): Promise<void> {
    const { code, output } = await this.pulumi("config", "set", "--secret", `ragdock:${key}`, value);
    if (code !== 0) throw new Error(output);
  }

  /** Runs the CLI on this stack. Does not throw if it fails. */
  pulumi(command: string, ...args: string[]): Promise<Ran> {
    const stack = ["stack", "package", "install"].includes(command) ? [] : ["--stack", this.name];
    const file = ["up", "preview", "destroy", "config"].includes(command)
      ? ["--config-file", this.#file]
      : [];
    return new Promise((resolve) => {
      const options = { cwd: this.#program, env: { ...this.#env, ...this.variables }, maxBuffer: 1 << 28 };
      const all = [command, ...args, ...stack, ...file, "--non-interactive"];
      execFile("pulumi", all, options, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === "number" ? error.code : 1) : 0;
        resolve({ code, stdout, output: stdout + stderr });
      });
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    // `pulumi stack init` writes its salt into the stack's own file, next to the program.
    rmSync(join(this.#program, `Pulumi.${this.name}.yaml`), { force: true });
  }

  get #file(): string {
    return join(this.#folder, `Pulumi.${this.name}.yaml`);
  }
}
