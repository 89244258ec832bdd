import type { Deployment } from "../config/spec/deployment.ts";
import { project } from "../host/paths.ts";
import { type Deployer, deployerOf, type Listener } from "./backends/deployer.ts";
import { embedded } from "./backends/embedded.ts";
import { Progress } from "./ui/progress.ts";

/** A deployer and the display that it reports to. */
export interface Session {
  readonly stack: string;
  readonly deployer: Deployer;
  readonly progress: Progress;
}

/** Runs `work` with a display of the progress. The display ends with the work. */
export async function withProgress<T>(stack: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = new Progress(`${project}-${stack}-`);
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}

/**
 * Opens the deployer of a stack. Pulumi's automation API is large, so it is loaded only if it is
 * used.
 */
async function openDeployer(stack: string, listener: Listener): Promise<Deployer> {
  if (deployerOf(stack) === "embedded") return embedded(stack, listener);
  const { pulumi } = await import("./backends/pulumi.ts");
  return pulumi(stack, listener);
}

export const withDeployer = <T>(stack: string, work: (session: Session) => Promise<T>): Promise<T> =>
  withProgress(stack, async (progress) => {
    const listener = { event: progress.event, say: (line: string) => progress.line(line) };
    return work({ stack, progress, deployer: await openDeployer(stack, listener) });
  });

/** The deployments in the stack's outputs, the newest last. */
export const deploymentsOf = (stack: string): Promise<readonly Deployment[]> =>
  withDeployer(stack, async ({ deployer }) => {
    const { deployments = [] } = (await deployer.outputs(true)) as { deployments?: readonly Deployment[] };
    return deployments;
  });
