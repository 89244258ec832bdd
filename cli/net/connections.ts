/** Tries TCP connections between the containers of a stack, each from the network of a container. */
import { isLongRunning, type ServiceSpec, type SystemSpec } from "../../config/spec/service.ts";
import { type Container, containersOf, docker, inspectAll, serviceOf } from "../../host/docker.ts";
import { portsOf } from "./ports.ts";

/** A running container of a service. */
export interface Running {
  readonly id: string;
  readonly service: ServiceSpec;
  /** Its addresses, one for each network. */
  readonly addresses: readonly string[];
}

/**
 * Connects to an address and a port, with bash or with BusyBox. It makes 50 attempts at once. Only what
 * succeeds twice counts: whenever Docker creates a network, it takes the rule that keeps networks
 * apart out for a moment (moby, EnsureJumpRule in setup_ip_tables.go).
 */
const script = `connects() {
  if command -v bash >/dev/null; then timeout 3 bash -c ": </dev/tcp/$1/$2" 2>/dev/null
  else nc -z -w 3 "$1" "$2" 2>/dev/null; fi
}
try() {
  connects "$1" "$2" && sleep 1 && connects "$1" "$2" && echo "$1 $2"
}
count=0
while [ $# -gt 1 ]; do
  try "$1" "$2" &
  shift 2
  count=$((count + 1))
  [ $((count % 50)) -ne 0 ] || wait
done
wait`;

interface Networks {
  readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
}

/** The containers of a stack that run, without those of services that the system does not have. */
export async function runningOf(stack: string, { services }: SystemSpec): Promise<Running[]> {
  const ids = (await containersOf(stack)).map(({ Id }) => Id);
  const all = await inspectAll<Container & { readonly NetworkSettings: Networks }>("container", ids);
  return all.flatMap((container) => {
    const service = services.find(({ name }) => name === serviceOf(container));
    if (container.State.Status !== "running" || !service) return [];
    const addresses = Object.values(container.NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
    return [{ id: container.Id, service, addresses }];
  });
}

/** The addresses and ports on which a container may listen, as `address port`. */
export const endpoints = ({ service, addresses }: Running): string[] =>
  isLongRunning(service)
    ? addresses.flatMap((address) => portsOf(service).map((port) => `${address} ${port}`))
    : [];

/**
 * Returns the endpoints to which a program in a container's network can connect.
 * @param image with bash or BusyBox
 */
export async function connected(
  image: string,
  container: string,
  targets: readonly string[],
): Promise<ReadonlySet<string>> {
  const options = ["--rm", "--network", `container:${container}`, "--entrypoint", "sh"];
  const words = targets.flatMap((target) => target.split(" "));
  const output = await docker("run", ...options, image, "-c", script, "sh", ...words);
  return new Set(output.split("\n").filter(Boolean));
}

/** The services that each running service can really connect to, by name. */
export async function realReaches(image: string, all: readonly Running[]): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  const look = async (one: Running): Promise<void> => {
    const others = all.filter(({ service }) => service !== one.service);
    const open = await connected(image, one.id, others.flatMap(endpoints));
    const names = others
      .filter((other) => endpoints(other).some((endpoint) => open.has(endpoint)))
      .map(({ service }) => service.name);
    found.set(one.service.name, new Set([...(found.get(one.service.name) ?? []), ...names]));
  };
  await Promise.all(all.map(look));
  return found;
}
