import { setTimeout } from "node:timers/promises";
import {
  type Container,
  type ContainerHealthcheck,
  containerOf,
  containersOf,
  isJob,
  isWell,
  serviceOf,
} from "../host/docker.ts";

/** Milliseconds between two checks of the containers. */
const interval = 500;

/** Restarts during a wait after which a container counts as a crash loop. */
const restarts = 3;

interface Begun {
  readonly at: number;
  readonly streak: number;
  readonly restarts: number;
}

/**
 * Decides which containers may still become healthy. Each container has the time that its own
 * health check allows.
 */
export class Patience {
  readonly #begun = new Map<string, Begun>();
  readonly #well = new Set<string>();

  /**
   * Returns the containers that are not healthy and may still become healthy.
   * @param now milliseconds, of any clock
   */
  waitingFor(containers: readonly Container[], now: number): Container[] {
    const news = containers.filter((c) => isWell(c) && !this.#well.has(c.Id));
    for (const { Id } of news) this.#well.add(Id);
    // The others may have waited for the container that became healthy, so their time begins again.
    if (news.length > 0) this.#begun.clear();
    return containers.filter((c) => !isJob(c) && !isWell(c) && this.#mayBecomeWell(c, now));
  }

  #mayBecomeWell(container: Container, now: number): boolean {
    const { Id, State, RestartCount } = container;
    const { Healthcheck: healthcheck } = container.Config;
    if (State.Status !== "running" && State.Status !== "restarting") return false;
    // A container without a health check never becomes healthy.
    if (!healthcheck || !State.Health) return false;
    const streak = State.Health.FailingStreak;
    const earlier = this.#begun.get(Id) ?? { at: now, streak, restarts: RestartCount };
    // A restart or a successful check resets Docker's count of failed checks.
    const begun = { ...earlier, streak: Math.min(earlier.streak, streak) };
    this.#begun.set(Id, begun);
    return (
      streak - begun.streak < healthcheck.Retries &&
      RestartCount - begun.restarts < restarts &&
      now - begun.at < longest(healthcheck)
    );
  }
}

/**
 * Milliseconds after which Docker calls a container unhealthy, if each check takes as long as it
 * may.
 */
const longest = ({ StartPeriod, Retries, Interval, Timeout }: ContainerHealthcheck): number =>
  (StartPeriod + Retries * (Interval + Timeout)) / 1e6;

/**
 * Waits for the containers of a stack that may still become healthy. Ignores containers that do not
 * run.
 * @param services whose containers count. @default all
 */
export async function settle(stack: string, services?: ReadonlySet<string>): Promise<void> {
  const patience = new Patience();
  const ours = async () => (await containersOf(stack)).filter((c) => services?.has(serviceOf(c)) ?? true);
  while (patience.waitingFor(await ours(), performance.now()).length > 0) await setTimeout(interval);
}

/** Whether a container becomes healthy within the time of its health check. */
export async function becomesWell(id: string): Promise<boolean> {
  const patience = new Patience();
  for (;;) {
    const container = await containerOf(id);
    if (isWell(container)) return true;
    if (patience.waitingFor([container], performance.now()).length === 0) return false;
    await setTimeout(interval);
  }
}
