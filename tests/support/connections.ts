/** Tries TCP connections between the containers of a stack, each from the network of a container. */
import { expect } from "vitest";
import { statusPort } from "../../config/services/nginx.ts";
import { hasWayOut, reaches } from "../../config/spec/networks.ts";
import { isLongRunning, type ServiceSpec } from "../../config/spec/service.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { withOutside } from "./observe.ts";
import { facts, systemWith } from "./program.ts";
import { docker, type TestStack } from "./stack.ts";

interface Running {
  readonly id: string;
  readonly service: ServiceSpec;
  /** Its addresses, one for each network. */
  readonly addresses: readonly string[];
}

/** Bash's own TCP client. xargs gives it an address and a port, 50 times at once. */
const attempt = `timeout 3 bash -c ': </dev/tcp/$0/$1' "$0" "$1" 2>/dev/null && echo "$0 $1"; true`;

/**
 * Compares the connections of a running stack with those that its networks declare, and the way out
 * with the network for it.
 * @param settings of the stack
 */
export async function expectDeclared(stack: TestStack, settings: Record<string, unknown>): Promise<void> {
  const { services } = systemWith(settings, { ...facts, stack: stack.name });
  const all = await runningOf(stack, services);
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

async function runningOf(stack: TestStack, services: readonly ServiceSpec[]): Promise<Running[]> {
  const inspected = JSON.parse(await docker("inspect", ...(await stack.containers()))) as {
    readonly Id: string;
    readonly State: { readonly Running: boolean };
    readonly Config: { readonly Labels: Readonly<Record<string, string>> };
    readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
  }[];
  return inspected
    .filter(({ State }) => State.Running)
    .map(({ Id, Config, NetworkSettings }) => ({
      id: Id,
      service: services.find(({ name }) => name === Config.Labels["ragdock.service"]) as ServiceSpec,
      addresses: Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress),
    }));
}

/** The addresses and ports on which a service may listen, as `address port`. */
const endpoints = ({ service, addresses }: Running): string[] =>
  addresses.flatMap((address) => portsOf(service).map((port) => `${address} ${port}`));

function portsOf(service: ServiceSpec): number[] {
  if (!isLongRunning(service)) return [];
  const { metrics, blackbox, readiness, ports, routes = [], image } = service;
  const known = [
    ...[metrics, blackbox, readiness].flatMap((one) => (one ? [one.port] : [])),
    ...ports.map(({ container }) => container),
    ...routes.map(({ listen }) => listen),
    ...(image.from === "catalogue" && routes.length === 0 ? [image.image.port ?? []] : []).flat(),
    ...(routes.length > 0 ? [statusPort] : []),
  ];
  return [...new Set(known)];
}

/** Returns the endpoints to which a program in a container's network can connect. */
async function connected(
  image: string,
  container: string,
  targets: readonly string[],
): Promise<ReadonlySet<string>> {
  const script = 'printf "%s\\n" "$@" | xargs -P 50 -n 2 bash -c "$ATTEMPT"';
  const options = ["--rm", "--network", `container:${container}`, "--env", `ATTEMPT=${attempt}`];
  const words = targets.flatMap((target) => target.split(" "));
  const command = [image, "-c", script, "bash", ...words];
  const output = await docker("run", ...options, "--entrypoint", "bash", ...command);
  return new Set(output.split("\n").filter(Boolean));
}
