/** What every resource of a stack is called by and marked with. */
export interface Naming {
  readonly project: string;
  readonly stack: string;
}

/** `project-stack-part`: two stacks share one host without touching each other. */
export const fullName = (naming: Naming, part: string): string => `${naming.project}-${naming.stack}-${part}`;

/** Labels by which `docker ps --filter` and the scripts find what belongs to a stack. */
export function labels(
  naming: Naming,
  extra: Readonly<Record<string, string>> = {},
): { label: string; value: string }[] {
  const all = { "ragdock.project": naming.project, "ragdock.stack": naming.stack, ...extra };
  return Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));
}
