import { type Deployer, deployerOf, type Listener } from "./deployer.ts";
import { embedded } from "./embedded.ts";

/** The deployer of a stack, ready to run. Pulumi's automation API is large, so it is loaded only if it is used. */
export async function openDeployer(stack: string, listener: Listener): Promise<Deployer> {
  if (deployerOf(stack) === "embedded") return embedded(stack, listener);
  const { pulumi } = await import("./pulumi.ts");
  return pulumi(stack, listener);
}
