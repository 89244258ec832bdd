import { Failure } from "./failure.ts";

/** The project and the name of a stack. */
export interface StackName {
  readonly project: string;
  readonly stack: string;
}

/**
 * The longest name of a stack: with the project and a service it must fit into 63 characters, DNS's
 * limit.
 */
const longestName = 24;

/** Refuses a name that Docker would refuse in the names of containers, networks and volumes. */
export function requireStackName(stack: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(stack) && stack.length <= longestName) return;
  const usable = stack
    .normalize("NFKD")
    .replaceAll(/[^\w.-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "")
    .slice(0, longestName);
  throw new Failure(
    `"${stack}" cannot be the name of a stack.`,
    `A name has letters without accents, digits, "-", "_" and ".", begins with a letter or digit, and is at most\n` +
      `${longestName} characters long. For example: ${usable || "dev"}`,
  );
}

/** Returns `project-stack-part`, a name with which several stacks can share one Docker host. */
export const fullName = ({ project, stack }: StackName, part: string): string =>
  `${project}-${stack}-${part}`;

/** The labels by which `docker ps --filter` and the commands find what belongs to a stack. */
export function labels(
  { project, stack }: StackName,
  extra: Readonly<Record<string, string>> = {},
): { label: string; value: string }[] {
  const all = { "ragdock.project": project, "ragdock.stack": stack, ...extra };
  return Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));
}

/**
 * A volume's label with the time of its creation. It distinguishes the volume from a later one of
 * the same name.
 */
export const createdLabel = "ragdock.created";

/** The label of the containers and volumes that a command works with, and removes at its end. */
export const helperLabel = "ragdock.helper=data";

/** A network's label with the user and the machine that deployed the stack first. */
export const ownerLabel = "ragdock.owner";

/** The label with the paths of the files that an own application's container got, as JSON. */
export const filesLabel = "ragdock.files";

/**
 * The label of an own application's container with its revision. A deployment with another revision
 * replaces the container.
 */
export const revisionLabel = "ragdock.revision";

/** A container's label with the id of the broken container that it replaced. */
export const replacesLabel = "ragdock.replaces";

/** A volume's label with the creation time of the volume whose data was upgraded into it. */
export const upgradedFromLabel = "ragdock.upgraded-from";
