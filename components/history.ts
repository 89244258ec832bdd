import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../config/spec/deployment.ts";
import type { StackName } from "../config/spec/stack.ts";

/** The history of this stack, from its outputs. */
export interface History {
  /** Successful deployments, the newest last. */
  readonly deployments: readonly Deployment[];
  /** When each volume was created, by full name. */
  readonly volumes: Readonly<Record<string, string>>;
}

/**
 * Reads the stack's own outputs of the last successful deployment: a reference to itself. The
 * history is therefore in the state backend, with every deployer.
 */
export async function readHistory({ project, stack }: StackName): Promise<History> {
  const self = new pulumi.StackReference(`${pulumi.getOrganization()}/${project}/${stack}`);
  const [deployments, volumes] = await Promise.all(
    ["deployments", "volumes"].map(async (name) => (await self.getOutputDetails(name)).value),
  );
  return { deployments: deployments ?? [], volumes: volumes ?? {} };
}
