import { describe } from "./describe.ts";
import { type Container, containersOf, docker } from "./docker.ts";
import { told } from "./finding.ts";
import { serviceNameOf } from "./tasks.ts";

/** Tasks that failed in a place of a new service, after which it counts as a crash loop. */
const failures = 3;

/** Milliseconds between two looks. */
const interval = 4000;

/** Whether a task has replaced several that failed, and does not run. */
export const isFailing = ({ Node, RestartCount, State }: Container): boolean =>
  Node !== undefined && RestartCount >= failures && State.Health?.Status !== "healthy";

/**
 * Watches a stack on a Swarm until this process ends, and removes new services whose tasks fail again
 * and again. The provider would wait for their health until its timeout, and a manager knows the log
 * of a task only while the service exists. A service that existed before is left alone.
 * @param report gets the description of a service before it is removed
 */
export function watchServices(stack: string, report: (description: string) => Promise<unknown>): void {
  const known = new Set<string>();
  const before = containersOf(stack).then((all) => {
    for (const task of all) known.add(serviceNameOf(task));
  });
  const look = async (): Promise<void> => {
    await before;
    const all = (await containersOf(stack)).filter(
      (task) => isFailing(task) && !known.has(serviceNameOf(task)),
    );
    for (const task of all) {
      const name = serviceNameOf(task);
      if (known.has(name)) continue;
      known.add(name);
      await report(await describeFailing(stack, task, name));
      await docker("service", "rm", name);
    }
  };
  const lookLater = (): void =>
    void setTimeout(
      () =>
        void look()
          .catch(() => undefined)
          .finally(lookLater),
      interval,
    ).unref();
  lookLater();
}

/** The logs of all tasks of a service, because the newest one may not have started yet. */
async function describeFailing(stack: string, task: Container, name: string): Promise<string> {
  const finding = await describe(stack, { ...task, Id: name });
  const end = `${failures} of its tasks failed, none was healthy, and it was removed (service ${name}).`;
  return told({ ...finding, evidence: [...finding.evidence, end], next: `make up STACK=${stack}` });
}
