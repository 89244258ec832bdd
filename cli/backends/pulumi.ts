import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import { passphrase, passphraseFile, projectDir, stateDir } from "../../host/paths.ts";
import { givenConfigFile } from "../stack-file.ts";
import { type Deployer, imageType, type Listener } from "./deployer.ts";
import { PulumiRun } from "./pulumi-events.ts";

/** The components above the images: Pulumi makes nothing under a parent that is left out. */
const imageTypes = ["ragdock:index:RagStack", "ragdock:core:Images", imageType];

/** Deploys with the Pulumi CLI, through its automation API. */
export async function pulumi(stackName: string, { event, say }: Listener): Promise<Deployer> {
  const args = { stackName, workDir: projectDir };
  const stack = await LocalWorkspace.createOrSelectStack(args, { envVars: environment(say) });
  const configFile = givenConfigFile();
  /** A preview reports resources as if they were changed. */
  const messages: Listener["event"] = (one) => {
    if (one.kind === "log") event(one);
  };
  const run = async (
    work: (options: RunOptions) => Promise<unknown>,
    show: Listener["event"] = event,
  ): Promise<ReturnType<PulumiRun["result"]>> => {
    const events = new PulumiRun(show);
    const options = { onEvent: events.event, ...(configFile ? { configFile } : {}) };
    return work(options).then(
      () => events.result(undefined),
      (error: Error) => events.result(error.message),
    );
  };
  return {
    name: "pulumi",
    preview: ({ refresh = false } = {}) => run((options) => stack.preview({ ...options, refresh }), messages),
    up: ({ refresh = false, replace = [] } = {}) =>
      run((options) => stack.up({ ...options, refresh, replace: replace.map((name) => `**::${name}`) })),
    build: () =>
      run((options) => stack.up({ ...options, target: imageTypes.map((type) => `**${type}::**`) })),
    down: () => run((options) => stack.destroy({ ...options, excludeProtected: true })),
    forget: () => run((options) => forget(stack, options)),
    outputs: async (showSecrets) => {
      const outputs = Object.entries(await stack.outputs());
      return Object.fromEntries(
        outputs.map(([name, { value, secret }]) => [name, secret && !showSecrets ? "[secret]" : value]),
      );
    },
  };
}

interface RunOptions {
  readonly onEvent: PulumiRun["event"];
  readonly configFile?: string;
}

async function forget(stack: Stack, options: RunOptions): Promise<void> {
  const { workspace } = stack;
  const unprotect = ["state", "unprotect", "--all", "--yes", "--stack", stack.name];
  await execa("pulumi", unprotect, { cwd: workspace.workDir, env: workspace.envVars });
  await stack.destroy({ ...options });
}

/** A team's login, backend and passphrase are respected. Without any of them the state stays in a local file. */
function environment(say: (line: string) => void): Record<string, string> {
  const { env } = process;
  const loggedIn = existsSync(join(env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "credentials.json"));
  if (env.PULUMI_BACKEND_URL || env.PULUMI_ACCESS_TOKEN || loggedIn) return {};
  passphrase(say);
  const own = env.PULUMI_CONFIG_PASSPHRASE ?? env.PULUMI_CONFIG_PASSPHRASE_FILE;
  return {
    PULUMI_BACKEND_URL: `file://${stateDir}`,
    ...(own === undefined ? { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile } : {}),
  };
}
