import * as pulumi from "@pulumi/pulumi";
import { type Deployment, withDeployment } from "../config/spec/deployment.ts";
import { type RecordedVolumes, recordedVolumes } from "../config/spec/recorded-volumes.ts";
import { collectSecrets } from "../config/spec/secrets.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import type { Target } from "../config/spec/target.ts";
import type { RagStack } from "./stack.ts";

/** The history of this stack, from its outputs. */
export interface History {
  /** Successful deployments, the newest last. */
  readonly deployments: readonly Deployment[];
  /** Where the stack ran. @default unknown, and one engine if volumes are recorded */
  readonly target?: Target | undefined;
  /** When each volume was created there, by full name. */
  readonly volumes: RecordedVolumes;
  /** Generated secrets that stay in the state, with their generations. */
  readonly keptSecrets: Readonly<Record<string, number>>;
  /** Names of the containers, by service. */
  readonly containers: Readonly<Record<string, unknown>>;
  /** Generated and given secrets, by name. */
  readonly credentials: Readonly<Record<string, unknown>>;
}

/**
 * Reads the stack's own outputs of the last successful deployment: a reference to itself. The
 * history is therefore in the state backend, with every deployer.
 */
export async function readHistory({ project, stack }: StackName): Promise<History> {
  const self = new pulumi.StackReference(`${pulumi.getOrganization()}/${project}/${stack}`);
  const read = async (name: string) => {
    const { value, secretValue } = await self.getOutputDetails(name);
    return value ?? secretValue;
  };
  const names = ["deployments", "target", "volumes", "keptSecrets", "containers", "credentials"];
  const [deployments, target, ...others] = await Promise.all(names.map(read));
  const [volumes, keptSecrets, containers, credentials] = others.map((value) => value ?? {});
  return { deployments: deployments ?? [], target, volumes, keptSecrets, containers, credentials };
}

/** What a run records in the outputs of the stack. */
type Recorded = Pick<RagStack, "target" | "containers" | "volumes" | "secrets" | "keptSecrets">;

/**
 * The outputs of a run. A run of a part of the system creates nothing else, and the values of the
 * rest may be unknown. So the rest keeps what earlier runs have recorded. A run of a part is no
 * deployment: a rollback could not return to it.
 * @param part the services of this run. @default all
 */
export function outputsOf(
  history: History,
  { project, stack }: StackName,
  rag: Recorded,
  deployment: Deployment,
  part: SystemSpec | undefined,
) {
  const { target, containers, volumes, secrets: credentials, keptSecrets } = rag;
  if (!part) {
    const deployments = withDeployment(history.deployments, deployment);
    return { target, containers, volumes, credentials, keptSecrets, deployments };
  }
  const names = part.services.map(({ name }) => name);
  const ownVolumes = part.services.flatMap((service) =>
    service.volumes.map(({ volume }) => fullName({ project, stack }, volume)),
  );
  const secrets = Object.keys(collectSecrets(part.services));
  const earlier = Object.entries(history.credentials).map(([name, value]) => [name, pulumi.secret(value)]);
  const ofData =
    names.length === 0
      ? { target: history.target, volumes: history.volumes }
      : { target, volumes: { ...recordedVolumes(history, target), ...only(volumes, ownVolumes) } };
  return {
    ...ofData,
    containers: { ...history.containers, ...only(containers, names) },
    credentials: { ...Object.fromEntries(earlier), ...only(credentials, secrets) },
    keptSecrets: { ...history.keptSecrets, ...only(keptSecrets, secrets) },
    deployments: history.deployments,
  };
}

const only = <T>(all: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
