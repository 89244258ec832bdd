import { servicesOnly } from "../../config/spec/part.ts";
import { recordedVolumes } from "../../config/spec/recorded-volumes.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { containersOf } from "../../host/docker.ts";
import { giveUpFiles } from "../../host/file-protection.ts";
import { lostVolumes } from "../../host/lost-volumes.ts";
import { project } from "../../host/paths.ts";
import { requireFreeHost } from "../../host/preflight.ts";
import { requireDocker } from "../../host/server.ts";
import { requireUsableSecrets } from "../backends/secrets.ts";
import { command, newStackOptions, print, type Values } from "../command.ts";
import { reportBackups } from "../data/report.ts";
import { begin, deploy } from "../deploy.ts";
import { requireStopped } from "../old-target.ts";
import { chooseImages, requireOwnState } from "../preflight.ts";
import { type Selection, selectionOf } from "../selection.ts";
import { type Session, withDeployer } from "../session.ts";
import { changeSettings, ensureStack } from "../stack-file.ts";
import { systemOf } from "../system.ts";

type StackOptions = { readonly stack: string } & Partial<Values<typeof newStackOptions>>;

/** The checks before any change: Docker, the stack's file, where images come from, the settings. */
export async function prepared({ stack, system, environment }: StackOptions): Promise<SystemSpec> {
  await requireDocker();
  ensureStack(stack, system, environment);
  await chooseImages(stack);
  const resolved = await systemOf(stack);
  await requireUsableSecrets(stack, resolved);
  return resolved;
}

interface UpOptions extends StackOptions {
  readonly refresh?: boolean;
  readonly confirm?: string | undefined;
  /** The only services to deploy, with commas between them. @default all */
  readonly service?: string | undefined;
}

/** Brings a stack up. @returns the exit code */
export async function bringUp(options: UpOptions): Promise<number> {
  const { stack, refresh = false, confirm, service } = options;
  // The program reads it. The value applies to this deployment only.
  if (confirm === stack) process.env[giveUpFiles] = stack;
  const whole = await prepared(options);
  const containers = await containersOf(stack);
  const selection = service === undefined ? undefined : selectionOf(whole, service, containers);
  const system = selection?.part ?? whole;
  if (selection) process.env[servicesOnly] = system.services.map(({ name }) => name).join(",");
  await requireOwnState(stack);
  await requireStopped(stack, whole.target, containers);
  // The program checks this again. At this point, nothing has been built yet.
  await requireFreeHost(stack, system, containers);
  // A separate session, because a deployer reads the settings when it is opened.
  const gaveUp = confirm === stack && (await withDeployer(stack, (session) => acceptLoss(system, session)));
  return withDeployer(stack, async (session) => {
    await begin(system, session);
    if (selection) for (const line of selectionText(selection)) session.progress.line(line);
    const isPart = selection !== undefined;
    const code = await deploy(system, session, { refresh: refresh || gaveUp, isPart });
    if (code === 0 && selection && selection.absent.length > 0)
      print(`\nNot selected and not running: ${selection.absent.join(", ")}. make up starts them.`);
    if (code === 0) await reportBackups(stack);
    return code;
  });
}

/** Says which services a selection deploys, and why there are more than the user asked for. */
function selectionText({ part, along }: Selection): string[] {
  const names = new Set(along);
  const asked = part.services.map(({ name }) => name).filter((name) => !names.has(name));
  return [
    `only ${asked.join(", ")}; other services stay as they are`,
    ...(along.length > 0 ? [`with what they need, and what leads to them: ${along.join(", ")}`] : []),
  ];
}

/**
 * Records in the stack's file that the user accepts the loss of the data in lost volumes. Returns
 * whether there were such volumes.
 */
async function acceptLoss(system: SystemSpec, { stack, deployer, progress }: Session): Promise<boolean> {
  const recorded = recordedVolumes(await deployer.outputs(false), system.target);
  const lost = await lostVolumes({ project, stack }, system, recorded);
  if (lost.length === 0) return false;
  changeSettings(
    stack,
    lost.map(({ volume, created }) => [["lostVolumes", volume], created] as const),
  );
  progress.line(`starting without the data of ${lost.map(({ name }) => name).join(", ")}`);
  return true;
}

export const up = command({
  name: "up",
  summary: "Build, start and wait until everything is healthy",
  details:
    "A second run changes nothing. If settings are wrong, it lists all problems and stops before any change",
  options: {
    ...newStackOptions,
    service: {
      flags: "--service <names>",
      description:
        "deploy only these services and their dependencies, such as api,worker; rollback returns to deployments of all services",
    },
    refresh: {
      flags: "--refresh",
      description: "compare the state with the real containers, and repair differences",
    },
    confirm: {
      flags: "--confirm <stack>",
      description:
        "repeat the stack's name to start without lost data, or to replace containers whose files are in no volume",
    },
  },
  examples: ["up", "up --system m31 --stack m31", "up --service api,worker", "up --stack prod --refresh"],
  run: bringUp,
});
