import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { Failure } from "../../config/spec/failure.ts";
import { type EngineEvent, hasState, type RunResult } from "../../engine/index.ts";
import { project, stateDir } from "../../host/paths.ts";

/**
 * The tool that applies the program: Pulumi, or the embedded engine on a machine without Pulumi.
 */
export type DeployerName = "pulumi" | "embedded";

/** The type of the images, for runs that make only images. */
export const imageType = "docker:index/remoteImage:RemoteImage";

/** The interface of a deployer. Both report the same events and results. */
export interface Deployer {
  readonly name: DeployerName;
  /** `refresh` reads the real resources first. */
  preview(options?: { readonly refresh?: boolean }): Promise<RunResult>;
  /**
   * `replace` names resources to replace even if their inputs have not changed. `targets` names the
   * only resources that may change, each as `type::name`.
   */
  up(options?: {
    readonly refresh?: boolean;
    readonly replace?: readonly string[];
    readonly targets?: readonly string[] | undefined;
  }): Promise<RunResult>;
  /** Builds or pulls the images only. `replace` names images to make again. */
  build(options?: { readonly replace?: readonly string[] }): Promise<RunResult>;
  /** Removes everything except protected resources: the data, and the secrets that open it. */
  down(): Promise<RunResult>;
  /** Removes from the state what `down` keeps. The caller removes the volumes. */
  forget(): Promise<RunResult>;
  /** The stack's outputs. Returns none before the first deployment. */
  outputs(showSecrets: boolean): Promise<Record<string, unknown>>;
  /** The types of the resources in the state. Returns none before the first deployment. */
  resourceTypes(): Promise<ReadonlySet<string>>;
}

export interface Listener {
  readonly event: (event: EngineEvent) => void;
  readonly say: (line: string) => void;
}

/** Passes on only messages. For a preview, which reports resources as if they were changed. */
export const messagesOnly =
  (event: Listener["event"]): Listener["event"] =>
  (one) => {
    if (one.kind === "log" || one.kind === "note") event(one);
  };

/**
 * The deployer of a stack: the one that has its state; otherwise Pulumi if it is on PATH; otherwise
 * the embedded engine. `DEPLOYER=pulumi|embedded` chooses for a new stack. A stack never changes
 * its deployer: each has its own state.
 */
export function deployerOf(stack: string): DeployerName {
  const made = madeBy(stack);
  const asked = process.env.DEPLOYER || undefined;
  if (asked !== undefined && asked !== "pulumi" && asked !== "embedded")
    throw new Failure(`DEPLOYER is "${asked}".`, "It must be pulumi or embedded.");
  if (made && asked && made !== asked)
    throw new Failure(
      `Stack "${stack}" was created by ${deployerText(made)}, and DEPLOYER asks for ${asked}.`,
      "Each deployer keeps its own state, so a stack cannot change its deployer. Unset DEPLOYER.",
    );
  const deployer = made ?? asked ?? (hasPulumi() ? "pulumi" : "embedded");
  if (deployer === "pulumi" && !hasPulumi())
    throw new Failure(
      `Pulumi created stack "${stack}", but pulumi is not on PATH.`,
      "Install it: https://www.pulumi.com/docs/install/",
    );
  return deployer;
}

/** Whether the embedded engine would deploy a stack as a new one. */
export const isNewStack = (stack: string): boolean =>
  deployerOf(stack) === "embedded" && madeBy(stack) === undefined;

/** The deployers that have a state of the stack on this machine. */
function madeBy(stack: string): DeployerName | undefined {
  if (hasState({ stateDir, project, stack })) return "embedded";
  return existsSync(`${stateDir}/.pulumi/stacks/${project}/${stack}.json`) ? "pulumi" : undefined;
}

const hasPulumi = (): boolean => spawnSync("sh", ["-c", "command -v pulumi"]).status === 0;

export const deployerText = (name: DeployerName): string =>
  name === "pulumi" ? "Pulumi" : "the embedded engine";
