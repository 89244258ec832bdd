import { project } from "../host/paths.ts";
import type { Deployer } from "./backends/deployer.ts";
import { openDeployer } from "./backends/index.ts";
import { Progress } from "./ui/progress.ts";

/** A deployer and the display that it reports to. */
export interface Session {
  readonly deployer: Deployer;
  readonly progress: Progress;
}

/** Works with a stack's deployer. The display ends with the work. */
export async function withDeployer<T>(stack: string, work: (session: Session) => Promise<T>): Promise<T> {
  const progress = new Progress(`${project}-${stack}-`);
  try {
    const listener = { event: progress.event, say: (line: string) => progress.line(line) };
    return await work({ progress, deployer: await openDeployer(stack, listener) });
  } finally {
    progress.end();
  }
}
