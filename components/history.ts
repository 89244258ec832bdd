import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../config/spec/deployment.ts";
import type { StackName } from "../config/spec/stack.ts";

/** The history of this stack, from its outputs. */
export interface History {
  /** Successful deployments, the newest last. */
  readonly deployments: readonly Deployment[];
  /** When each volume was created, by full name. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Generated secrets that stay in the state, with their generations. */
  readonly keptSecrets: Readonly<Record<string, number>>;
}

/**
 * Reads the stack's own outputs of the last successful deployment: a reference to itself. The
 * history is therefore in the state backend, with every deployer.
 */
export async function readHistory({ project, stack }: StackName): Promise<History> {
  const self = new pulumi.StackReference(`${pulumi.getOrganization()}/${project}/${stack}`);
  const [deployments, volumes, keptSecrets] = await Promise.all(
    ["deployments", "volumes", "keptSecrets"].map(async (name) => (await self.getOutputDetails(name)).value),
  );
  return { deployments: deployments ?? [], volumes: volumes ?? {}, keptSecrets: keptSecrets ?? {} };
}
