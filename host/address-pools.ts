import { Failure } from "../config/spec/failure.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { fullName } from "../config/spec/stack.ts";
import { docker, inspectAll } from "./docker.ts";
import { project } from "./paths.ts";

/** A range from which Docker takes the addresses of networks, each of `Size` bits. */
export interface AddressPool {
  readonly Base: string;
  readonly Size: number;
}

/**
 * Docker's own pools, if `docker info` names none (moby/moby, libnetwork/ipamutils). They have room
 * for 31 networks, of which Docker's default network is one.
 */
const defaultPools: readonly AddressPool[] = [
  { Base: "172.17.0.0/16", Size: 16 },
  { Base: "172.18.0.0/16", Size: 16 },
  { Base: "172.19.0.0/16", Size: 16 },
  { Base: "172.20.0.0/14", Size: 16 },
  { Base: "172.24.0.0/14", Size: 16 },
  { Base: "172.28.0.0/14", Size: 16 },
  { Base: "192.168.0.0/16", Size: 20 },
];

/**
 * Refuses a host if its Docker has no addresses for the new networks of a stack. Docker also leaves
 * out ranges of the host's routes, which are not known here. So there may be fewer addresses than
 * this function counts.
 * @param taken subnets of the existing networks
 * @throws Failure with the ways to get more
 */
export function requireAddresses(
  needed: number,
  taken: readonly string[],
  pools: readonly AddressPool[] | null | undefined,
): void {
  const free = freeSubnets(taken, pools?.length ? pools : defaultPools);
  if (needed <= free) return;
  throw new Failure(
    `Docker has addresses for ${free} more networks. The stack needs ${needed}, and nothing was changed.`,
    moreAddresses,
  );
}

const moreAddresses =
  "Remove networks without containers: docker network prune\n" +
  "Or give Docker more addresses: add this to /etc/docker/daemon.json and restart Docker.\n" +
  '  "default-address-pools": [{ "base": "10.201.0.0/16", "size": 24 }]';

/** The ways to get more addresses, if Docker's error says that it has no more. Otherwise undefined. */
export const addressAdvice = (error: string): string | undefined =>
  error.includes("non-overlapping IPv4 address pool") ? moreAddresses : undefined;

/** The fields of `docker network inspect` that are needed here. */
interface DockerNetwork {
  readonly Name: string;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string }[] | null };
}

/** Refuses to start if Docker has no addresses for the networks that the stack does not have yet. */
export async function requireNetworks(
  stack: string,
  system: SystemSpec,
  pools: readonly AddressPool[] | null | undefined,
): Promise<void> {
  const ids = (await docker("network", "ls", "-q")).split("\n").filter(Boolean);
  const networks = await inspectAll<DockerNetwork>("network", ids);
  const there = new Set(networks.map(({ Name }) => Name));
  const missing = Object.keys(system.networks).filter(
    (part) => !there.has(fullName({ project, stack }, part)),
  );
  requireAddresses(
    missing.length,
    networks.flatMap(({ IPAM }) => (IPAM.Config ?? []).flatMap(({ Subnet = [] }) => Subnet)),
    pools,
  );
}

/** The number of networks for which the pools still have addresses. IPv6 pools do not count. */
export const freeSubnets = (taken: readonly string[], pools: readonly AddressPool[]): number =>
  pools
    .map(({ Base, Size }) => ({ range: rangeOf(Base), size: 2 ** (32 - Size) }))
    .reduce((sum, { range, size }) => sum + (range ? freeIn(range, size, taken) : 0), 0);

interface Range {
  readonly first: number;
  readonly last: number;
}

/** The addresses of a CIDR, as numbers. Undefined for IPv6. */
function rangeOf(cidr: string): Range | undefined {
  const parsed = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  if (!parsed) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = parsed.slice(1).map(Number);
  const size = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

/** The number of subnets of a size in a range that do not overlap with a used subnet. */
function freeIn(range: Range, size: number, taken: readonly string[]): number {
  const used = new Set<number>();
  for (const cidr of taken) {
    const other = rangeOf(cidr);
    if (!other) continue;
    const first = Math.max(range.first, other.first);
    const last = Math.min(range.last, other.last);
    for (let at = Math.floor(first / size); at * size <= last; at++) used.add(at);
  }
  return Math.floor((range.last - range.first + 1) / size) - used.size;
}
