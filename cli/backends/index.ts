import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  destroy,
  type EngineEvent,
  type EngineOptions,
  preview,
  type RunResult,
  readOutputs,
  up,
} from "../../engine/index.ts";
import { Failure } from "../../host/failure.ts";
import {
  passphrase,
  passphraseFile,
  project,
  projectDir,
  readRecord,
  record,
  stateDir,
} from "../../host/paths.ts";
import { readStackFile } from "../stack-file.ts";
import { onPath, runPulumi } from "./pulumi.ts";
import { readSecrets } from "./secrets.ts";

/** Who applies the program: Pulumi itself, or the embedded engine where Pulumi cannot be had. */
export type DeployerName = "pulumi" | "embedded";

/** The outcome of a run; Pulumi prints its own details. */
export type Outcome = Pick<RunResult, "ok" | "errors"> & Partial<RunResult>;

const imageType = "docker:index/remoteImage:RemoteImage";

/** What `make` can ask of an engine. */
export interface Deployer {
  readonly name: DeployerName;
  /** @param options.refresh looks at what is really there first */
  preview(options?: { readonly refresh: boolean }): Promise<Outcome>;
  /** @param options.replace names of resources to replace whatever their inputs say */
  up(options: { readonly refresh: boolean; readonly replace: readonly string[] }): Promise<Outcome>;
  /** Makes the images and nothing else. */
  build(): Promise<Outcome>;
  /** Removes everything but what is protected: the data and the secrets that open it. */
  down(): Promise<Outcome>;
  /** Forgets what `down` keeps; volumes themselves are removed by their caller. */
  forget(): Promise<Outcome>;
  outputs(showSecrets: boolean): Promise<Record<string, unknown>>;
}

/**
 * The engine of a stack: the one that made it, else Pulumi where it is on PATH, else the embedded one.
 * `ENGINE=pulumi|embedded` chooses; a stack never changes engines, since each has a state of its own.
 */
export function chooseDeployer(stack: string): DeployerName {
  const made = readRecord(stack).engine;
  const asked = process.env.ENGINE;
  if (asked !== undefined && asked !== "pulumi" && asked !== "embedded") {
    throw new Failure(`ENGINE is "${asked}".`, "It must be pulumi or embedded.");
  }
  if (made && asked && made !== asked) {
    throw new Failure(
      `Stack "${stack}" was made by the ${made} engine, and ENGINE asks for ${asked}.`,
      `Each engine keeps its own state. Take the stack down first (make down STACK=${stack}), or leave ENGINE out.`,
    );
  }
  const engine = made ?? asked ?? (onPath("pulumi") ? "pulumi" : "embedded");
  if (engine === "pulumi" && !onPath("pulumi")) {
    throw new Failure(
      `Stack "${stack}" is Pulumi's, and there is no pulumi on PATH.`,
      "Install it: https://www.pulumi.com/docs/install/",
    );
  }
  return engine;
}

/** The backend for `stack`; remembers the engine, so that a later run cannot take another one. */
export function openDeployer(
  stack: string,
  tell: { event: (e: EngineEvent) => void; say: (line: string) => void },
): Deployer {
  return chooseDeployer(stack) === "pulumi" ? pulumiBackend(stack, tell.say) : embeddedBackend(stack, tell);
}

function embeddedBackend(
  stack: string,
  tell: { event: (e: EngineEvent) => void; say: (line: string) => void },
): Deployer {
  const { values } = readStackFile(stack);
  const key = passphrase(tell.say);
  const secrets = readSecrets(stack, key);
  const options: EngineOptions = {
    projectDir,
    project,
    stack,
    stateDir,
    passphrase: key,
    config: { ...withImages(stack, values), ...secrets },
    secretKeys: Object.keys(secrets),
    onEvent: tell.event,
  };
  return {
    name: "embedded",
    preview: ({ refresh } = { refresh: false }) => preview({ ...options, refresh }),
    up: ({ refresh, replace }) => {
      record(stack, { engine: "embedded" });
      return up({ ...options, refresh, replace });
    },
    build: () => {
      record(stack, { engine: "embedded" });
      return up({ ...options, targets: [imageType] });
    },
    down: () => destroy({ ...options, excludeProtected: true }),
    forget: () => destroy({ ...options, unprotect: true }),
    outputs: (showSecrets) => readOutputs(options, { showSecrets }),
  };
}

/** Adds the image source found by `make up`, where the stack's file names none. */
export function withImages(stack: string, values: Record<string, string>): Record<string, string> {
  const { images } = readRecord(stack);
  return images && !values[`${project}:images`] ? { ...values, [`${project}:images`]: images } : values;
}

function pulumiBackend(stack: string, say: (line: string) => void): Deployer {
  const env = pulumiEnvironment(say);
  const run = async (...args: string[]): Promise<Outcome> => {
    const code = await runPulumi([...args, "--stack", stack], env);
    return { ok: code === 0, errors: code === 0 ? [] : [`pulumi ${args[0]} ended with exit code ${code}`] };
  };
  const images = withImages(stack, readStackFile(stack).values)[`${project}:images`];
  const config = images ? ["--config", `${project}:images=${images}`] : [];
  const select = () => runPulumi(["stack", "select", "--create", stack, "--non-interactive"], env, "ignore");
  return {
    name: "pulumi",
    preview: async ({ refresh } = { refresh: false }) => {
      await select();
      // With --expect-no-changes the exit code tells of drift.
      const look = refresh ? ["--refresh", "--expect-no-changes"] : [];
      return run("preview", "--diff", ...config, ...look);
    },
    up: async ({ refresh, replace }) => {
      await select();
      record(stack, { engine: "pulumi" });
      const again = replace.flatMap((name) => ["--replace", `**::${name}`]);
      return run("up", "--yes", "--skip-preview", ...config, ...again, ...(refresh ? ["--refresh"] : []));
    },
    build: async () => {
      await select();
      record(stack, { engine: "pulumi" });
      // The components above the images as well: Pulumi makes nothing under a parent that is left out.
      const targets = ["ragdock:index:RagStack", "ragdock:core:Images", imageType].flatMap((type) => [
        "--target",
        `**${type}::**`,
      ]);
      return run("up", "--yes", "--skip-preview", ...config, ...targets);
    },
    down: () => run("destroy", "--yes", "--skip-preview", "--exclude-protected"),
    forget: async () => {
      await runPulumi(["state", "unprotect", "--all", "--yes", "--stack", stack], env);
      return run("destroy", "--yes", "--skip-preview");
    },
    outputs: async (showSecrets) => {
      const args = [
        "stack",
        "output",
        "--json",
        "--stack",
        stack,
        ...(showSecrets ? ["--show-secrets"] : []),
      ];
      let text = "";
      const code = await runPulumi(args, env, (chunk) => {
        text += chunk;
      });
      if (code !== 0)
        throw new Failure(`Stack "${stack}" has no outputs.`, `Run make up STACK=${stack} first.`);
      return JSON.parse(text);
    },
  };
}

/** A team's login, backend and passphrase are respected; without any of them state stays in a local file. */
function pulumiEnvironment(say: (line: string) => void): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  const loggedIn = existsSync(join(env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "credentials.json"));
  if (env.PULUMI_BACKEND_URL || env.PULUMI_ACCESS_TOKEN || loggedIn) return env;
  passphrase(say);
  env.PULUMI_BACKEND_URL = `file://${stateDir}`;
  if (env.PULUMI_CONFIG_PASSPHRASE === undefined) env.PULUMI_CONFIG_PASSPHRASE_FILE ??= passphraseFile;
  return env;
}
