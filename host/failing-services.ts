import { describe } from "./describe.ts";
import { type Container, containersOf, docker, isWell, stackFilters } from "./docker.ts";
import { told } from "./finding.ts";
import { serviceNameOf } from "./tasks.ts";

/** Tasks that failed in one place of a new service, after which the place counts as a crash loop. */
const failures = 3;

/**
 * Milliseconds in which a node must be able to pull an image. A node rejects a task as soon as the
 * registry does not answer, and Swarm starts the next one after 5 s. The registry of the stack may
 * still start on this node. The time is that of the first push in host/push.ts, and the one that the
 * deployment adds to its wait in components/swarm/service.ts.
 */
const pulling = 120_000;

/** Milliseconds between two looks. */
const interval = 4000;

/**
 * Whether several tasks in a place of a service failed. Tasks that a node rejected do not count while
 * the node may still become able to pull.
 * @param age milliseconds for which the service was watched
 */
const isFailing = ({ RestartCount, Rejected = 0 }: Container, age: number): boolean =>
  RestartCount - (age < pulling ? Rejected : 0) >= failures;

/**
 * Watches a stack on a Swarm until this process ends, and removes new services whose tasks fail again
 * and again. The provider would wait for their health until its timeout, and a manager knows the log
 * of a task only while the service exists. These services stay, and the deployment reports them:
 *
 * - services that existed before.
 * - services that had a healthy task.
 * - services that do not fail in each of their places. One node may be the cause.
 * @param report gets the description of a service before it is removed, because the program may end
 * right after the removal
 */
export async function watchServices(
  stack: string,
  report: (description: string) => Promise<unknown>,
): Promise<void> {
  const names = await docker("service", "ls", "--format", "{{.Name}}", ...stackFilters(stack));
  const kept = new Set(names.split("\n"));
  const begun = new Map<string, number>();
  const look = async (): Promise<void> => {
    const tasks = (await containersOf(stack)).filter(({ Service }) => Service !== undefined);
    for (const [name, own] of Map.groupBy(tasks, serviceNameOf)) {
      if (own.some(isWell)) kept.add(name);
      const since = begun.get(name) ?? performance.now();
      begun.set(name, since);
      const age = performance.now() - since;
      if (kept.has(name) || !own.every((task) => isFailing(task, age))) continue;
      const description = await describeFailing(stack, own[0] as Container, name);
      kept.add(name);
      await report(description);
      await docker("service", "rm", name).catch(async (error: RemovalError) => {
        if (!/no such|not found/i.test(error.stderr ?? "")) await report(notRemoved(name, error));
      });
    }
  };
  // A service may disappear between two calls. The next look handles the others.
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
  const end = `At least ${failures} of its tasks failed in each place, and none was seen healthy. Ragdock removes it now (service ${name}).`;
  return told({ ...finding, evidence: [...finding.evidence, end], next: `make up STACK=${stack}` });
}

type RemovalError = Error & { readonly stderr?: string };

const notRemoved = (name: string, error: RemovalError): string =>
  `The service ${name} could not be removed: ${error.stderr?.trim() ?? error.message}\n  Next: docker service rm ${name}`;
