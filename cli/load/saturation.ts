/** Which container reaches its limits first, and which limits to raise. */
import { longRunning, type SystemSpec } from "../../config/spec/service.ts";
import { mebibytes } from "../../config/spec/units.ts";
import { type Container, serviceOf } from "../../host/docker.ts";
import { usageOf } from "../ui/usage.ts";

/** The most that a service's container has used, as a share of its limits. */
export interface Load {
  readonly service: string;
  readonly cpu: number;
  readonly memory: number;
}

/** A share of a limit from which the limit counts as reached. */
const reached = 0.9;

const units: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** The used bytes in Docker's text, such as `51.4MiB / 512MiB`. */
export function usedBytes(text: string): number {
  const [, number = "0", unit = "B"] = /^([\d.]+)([KMGT]?i?B)/.exec(text) ?? [];
  return Number(number) * (units[unit] ?? 1);
}

/**
 * Measures the containers of a stack while `work` runs. Each measurement takes Docker two seconds.
 */
export async function whileMeasured<T>(
  system: SystemSpec,
  containers: readonly Container[],
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly loads: readonly Load[] }> {
  const limits = new Map(longRunning(system.services).map((s) => [s.name, s.limits]));
  const peaks = new Map<string, Load>();
  let isOver = false;
  const look = async (): Promise<void> => {
    while (!isOver) {
      const usage = await usageOf(containers);
      if (usage.size === 0) return;
      for (const container of containers) {
        const used = usage.get(container.Id);
        const service = serviceOf(container);
        const limit = limits.get(service);
        if (!used || !limit) continue;
        const before = peaks.get(service);
        peaks.set(service, {
          service,
          cpu: Math.max(before?.cpu ?? 0, used.cpuPercent / 100 / limit.cpus),
          memory: Math.max(before?.memory ?? 0, usedBytes(used.memory) / 2 ** 20 / mebibytes(limit.memory)),
        });
      }
    }
  };
  const looking = look();
  try {
    const result = await work();
    return { result, loads: [...peaks.values()] };
  } finally {
    isOver = true;
    await looking;
  }
}

/** The busiest container: the service, what it uses most, and the share of that limit. */
export interface Busiest {
  readonly service: string;
  readonly resource: "CPU" | "memory";
  readonly share: number;
}

export function busiest(loads: readonly Load[]): Busiest | undefined {
  const all = loads.flatMap(({ service, cpu, memory }): Busiest[] => [
    { service, resource: "CPU", share: cpu },
    { service, resource: "memory", share: memory },
  ]);
  return all.sort((one, other) => other.share - one.share)[0];
}

/** What reached its limit first: the busiest container of the earliest step. */
export const firstSaturated = (steps: readonly (readonly Load[])[]): Busiest | undefined =>
  steps.map(busiest).find((one) => one !== undefined && one.share >= reached);

/** A limit to raise, and the setting for it. */
export interface Advice {
  readonly setting: string;
  readonly now: string;
  readonly next: string;
}

/** Twice each limit that was reached. A limit hides how much the service would use without it. */
export function advice(system: SystemSpec, steps: readonly (readonly Load[])[]): Advice[] {
  return longRunning(system.services).flatMap(({ name, limits }) => {
    const own = steps.flat().filter(({ service }) => service === name);
    const path = `services.${name}.limits`;
    const cpu = own.some((load) => load.cpu >= reached)
      ? [{ setting: `${path}.cpus`, now: String(limits.cpus), next: String(limits.cpus * 2) }]
      : [];
    const memory = own.some((load) => load.memory >= reached)
      ? [{ setting: `${path}.memory`, now: limits.memory, next: `${mebibytes(limits.memory) * 2}MiB` }]
      : [];
    return [...cpu, ...memory];
  });
}
