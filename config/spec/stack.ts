/** The stack that everything belongs to. */
export interface StackName {
  readonly project: string;
  readonly stack: string;
}

/** `project-stack-part`. Two stacks share one Docker host without touching each other. */
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

/** A volume's label with the time of its creation: it tells the volume from a later one of the same name. */
export const createdLabel = "ragdock.created";

/** A volume's label with the creation time of the volume whose data was upgraded into it. */
export const upgradedFromLabel = "ragdock.upgraded-from";
