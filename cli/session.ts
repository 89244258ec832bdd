import { project } from "../host/paths.ts";
import type { Deployer } from "./backends/deployer.ts";
import { openDeployer } from "./backends/index.ts";
import { Progress } from "./ui/progress.ts";

/** A deployer and the display that it reports to. */
export interface Session {
  readonly deployer: Deployer;
  readonly progress: Progress;
}

/** Works with a display of what is done in a stack. The display ends with the work. */
export async function withProgress<T>(stack: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = new Progress(`${project}-${stack}-`);
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}

/** Works with a stack's deployer. */
export const withDeployer = <T>(stack: string, work: (session: Session) => Promise<T>): Promise<T> =>
  withProgress(stack, async (progress) => {
    const listener = { event: progress.event, say: (line: string) => progress.line(line) };
    return work({ progress, deployer: await openDeployer(stack, listener) });
  });
