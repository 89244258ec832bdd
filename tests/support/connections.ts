/** Tries TCP connections between the containers of a stack, each from the network of a container. */
import { expect } from "vitest";
import { connected, endpoints, type Running, runningOf } from "../../cli/net/connections.ts";
import { hasWayOut, reaches } from "../../config/spec/networks.ts";
import type { ServiceSpec } from "../../config/spec/service.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { withOutside } from "./observe.ts";
import { facts, systemWith } from "./program.ts";
import type { TestStack } from "./stack.ts";

/**
 * Compares the connections of a running stack with those that its networks declare, and checks the
 * route out.
 * @param settings of the stack
 */
export async function expectDeclared(stack: TestStack, settings: Record<string, unknown>): Promise<void> {
  const system = systemWith(settings, { ...facts, stack: stack.name });
  const all = await runningOf(stack.name, system);
  const image = await ensureBaseImage();
  await withOutside(async (host, port) => {
    const found = await Promise.all(
      all.map(async ({ id, service }) => {
        const others = all.filter((one) => one.service !== service);
        const open = await connected(image, id, [...others.flatMap(endpoints), `${host} ${port}`]);
        const names = others
          .filter((other) => endpoints(other).some((endpoint) => open.has(endpoint)))
          .map((other) => other.service.name);
        return {
          service: service.name,
          reaches: [...new Set(names)].sort(),
          outside: open.has(`${host} ${port}`),
        };
      }),
    );
    const declared = all.map(({ service }) => ({
      service: service.name,
      reaches: [
        ...new Set(all.filter((other) => isOpen(other, service)).map((other) => other.service.name)),
      ].sort(),
      outside: hasWayOut(service),
    }));
    expect(found).toEqual(declared);
  });
}

const isOpen = (other: Running, from: ServiceSpec): boolean =>
  other.service !== from && endpoints(other).length > 0 && reaches(from, other.service);
