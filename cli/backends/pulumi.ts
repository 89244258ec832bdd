import { existsSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, type Stack, StackNotFoundError } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import { defined } from "../../config/spec/defined.ts";
import type { RunResult } from "../../engine/index.ts";
import { dockerEndpoint, dockerEnvironment } from "../../host/docker.ts";
import { parallelOn } from "../../host/endpoint.ts";
import { passphrase, passphraseFile, projectDir, stateDir } from "../../host/paths.ts";
import { readerEnvironment } from "../reader.ts";
import { givenConfigFile, readStackFile } from "../stack-file.ts";
import { type Deployer, imageType, type Listener, messagesOnly } from "./deployer.ts";
import { type PulumiRun, pulumiRun } from "./pulumi-events.ts";

/** The parents of the images: Pulumi creates no resource whose parent is left out. */
const imageTypes = ["ragdock:index:RagStack", "ragdock:core:Images", imageType];

interface RunOptions {
  readonly onEvent: PulumiRun["event"];
  readonly configFile?: string;
  readonly parallel?: number;
}

/** Deploys with the Pulumi CLI, through its automation API. */
export function pulumi(stackName: string, { event, say }: Listener): Deployer {
  readStackFile(stackName);
  const args = { stackName, workDir: projectDir };
  const options = { envVars: { ...environment(say), ...readerEnvironment(stackName, "pulumi") } };
  const create = (): Promise<Stack> => LocalWorkspace.createOrSelectStack(args, options);
  const select = (): Promise<Stack | undefined> =>
    LocalWorkspace.selectStack(args, options).catch((error: unknown) => {
      if (error instanceof StackNotFoundError) return undefined;
      throw error;
    });
  const configFile = givenConfigFile();
  const run = async (work: (options: RunOptions) => Promise<unknown>, show = event): Promise<RunResult> => {
    const events = pulumiRun(show);
    const endpoint = dockerEndpoint();
    const own = defined({ configFile, parallel: endpoint && parallelOn(endpoint) });
    return work({ onEvent: events.event, ...own }).then(
      () => events.result(undefined),
      (error: Error) => events.result(error.message),
    );
  };
  /** A stack that does not exist is created for a preview, and removed again. */
  const preview = async (own: RunOptions & { readonly refresh: boolean }): Promise<void> => {
    const existing = await select();
    if (existing) return void (await existing.preview(own));
    // Pulumi writes its salt into the stack's own file, even if another file has the settings.
    const file = join(projectDir, `Pulumi.${stackName}.yaml`);
    const hadFile = existsSync(file);
    const stack = await create();
    try {
      await stack.preview(own);
    } finally {
      await stack.workspace.removeStack(stackName, { preserveConfig: true });
      if (!hadFile) rmSync(file, { force: true });
    }
  };
  return {
    name: "pulumi",
    preview: ({ refresh = false } = {}) => run((own) => preview({ ...own, refresh }), messagesOnly(event)),
    up: ({ refresh = false, replace = [], targets } = {}) =>
      run(async (own) => {
        const only = targets ? { target: targets.map((one) => `**${one}`), targetDependents: false } : {};
        return (await create()).up({
          ...own,
          ...only,
          refresh,
          replace: replace.map((name) => `**::${name}`),
        });
      }),
    build: ({ replace = [] } = {}) =>
      run(async (own) =>
        (await create()).up({
          ...own,
          target: imageTypes.map((type) => `**${type}::**`),
          replace: replace.map((name) => `**::${name}`),
        }),
      ),
    down: () => run(async (own) => (await select())?.destroy({ ...own, excludeProtected: true })),
    forget: () => run(async (own) => forget(await select(), own)),
    outputs: async (showSecrets) => outputsOf(await select(), showSecrets),
    resourceTypes: async () => typesOf(await select()),
  };
}

/** The CLI masks each secret value. The automation API masks only outputs that are one secret. */
async function outputsOf(stack: Stack | undefined, showSecrets: boolean): Promise<Record<string, unknown>> {
  if (!stack) return {};
  const { workspace } = stack;
  const words = ["stack", "output", "--json", ...(showSecrets ? ["--show-secrets"] : [])];
  const { stdout } = await execa("pulumi", [...words, "--stack", stack.name], {
    cwd: workspace.workDir,
    env: workspace.envVars,
  });
  return JSON.parse(stdout);
}

/** Asks the CLI, because the automation API exports secrets in clear text. */
async function typesOf(stack: Stack | undefined): Promise<ReadonlySet<string>> {
  if (!stack) return new Set();
  const { workspace } = stack;
  const { stdout } = await execa("pulumi", ["stack", "export", "--stack", stack.name], {
    cwd: workspace.workDir,
    env: workspace.envVars,
  });
  const { deployment } = JSON.parse(stdout) as { deployment: { resources?: readonly { type: string }[] } };
  return new Set(deployment.resources?.map(({ type }) => type));
}

async function forget(stack: Stack | undefined, options: RunOptions): Promise<void> {
  if (!stack) return;
  const { workspace } = stack;
  const unprotect = ["state", "unprotect", "--all", "--yes", "--stack", stack.name];
  // Pulumi refuses a stack without resources.
  await execa("pulumi", unprotect, { cwd: workspace.workDir, env: workspace.envVars, reject: false });
  await stack.destroy({ ...options });
}

/**
 * A team's login, backend and passphrase are used. Without any of them the state stays in a local
 * file.
 */
function environment(say: (line: string) => void): Record<string, string> {
  const { env } = process;
  const loggedIn = existsSync(join(env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "credentials.json"));
  const docker = defined(dockerEnvironment());
  if (env.PULUMI_BACKEND_URL || env.PULUMI_ACCESS_TOKEN || loggedIn) return docker;
  passphrase(say);
  const own = env.PULUMI_CONFIG_PASSPHRASE ?? env.PULUMI_CONFIG_PASSPHRASE_FILE;
  return {
    ...docker,
    PULUMI_BACKEND_URL: `file://${stateDir}`,
    ...(own === undefined ? { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile } : {}),
  };
}
