import { aliasesOn, outsideNetwork, wayOutOf } from "../config/spec/networks.ts";
import { deployedPart, imagesOnly } from "../config/spec/part.ts";
import type { LongRunning, SystemSpec } from "../config/spec/service.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import { loginLabel, type StopReplaced } from "../config/spec/swarm.ts";
import { docker, inspectAll, stackFilters } from "./docker.ts";
import { stopService } from "./scale.ts";

/** The fields of `docker service inspect` that tell whether the provider replaces a service. */
interface Running {
  readonly ID: string;
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly Mode: { readonly Replicated?: { readonly Replicas?: number } };
    readonly TaskTemplate: {
      readonly Networks?: readonly { readonly Target: string; readonly Aliases?: readonly string[] }[];
    };
  };
}

/**
 * Returns a function that stops a service with data, if the provider will replace it: it cannot change
 * the networks of a service, or the login with which nodes pull its image. Swarm would start the next
 * container while the last one may still use the volume.
 * @param make whether it may stop services. A preview stops none. A run of some services stops no
 * others, and a run that makes images stops none
 */
export function storeStopper({
  make,
  system,
  ...stack
}: StackName & { readonly make: boolean; readonly system: SystemSpec }): StopReplaced {
  const deployed = make && !process.env[imagesOnly] ? deployedPart(system).services : [];
  return async (service, login) => {
    if (!deployed.some(({ name }) => name === service.name)) return;
    const filters = stackFilters(stack.stack, { "ragdock.service": service.name });
    const ids = (await docker("service", "ls", "-q", ...filters)).split("\n").filter(Boolean);
    const [running] = await inspectAll<Running>("service", ids);
    if (!running) return;
    if (isReplaced(running, plannedNetworks(stack, service), await namesOfNetworks(stack.stack), login)) {
      await stopService(running.Spec.Name);
    } else if (running.Spec.Mode.Replicated?.Replicas === 0) {
      // An earlier deployment stopped it, and failed before it replaced it.
      await docker("service", "update", "--detach", "--quiet", "--replicas", "1", running.ID);
    }
  };
}

/** Whether a service has other networks, names in them or another login than planned. */
export function isReplaced(
  { Spec: { Labels = {}, TaskTemplate } }: Pick<Running, "Spec">,
  planned: Readonly<Record<string, readonly string[]>>,
  names: ReadonlyMap<string, string>,
  login: string | undefined,
): boolean {
  const own = (TaskTemplate.Networks ?? []).map(
    ({ Target, Aliases = [] }) => [names.get(Target) ?? Target, Aliases] as const,
  );
  return Labels[loginLabel] !== login || inOrder(own) !== inOrder(Object.entries(planned));
}

const inOrder = (all: readonly (readonly [network: string, aliases: readonly string[]])[]): string =>
  JSON.stringify(all.map(([network, aliases]) => [network, [...new Set(aliases)].toSorted()]).toSorted());

const plannedNetworks = (
  stack: StackName,
  { name, aliases = [], networks }: LongRunning,
): Record<string, readonly string[]> =>
  Object.fromEntries(
    networks.map((network) => [
      fullName(stack, network === outsideNetwork ? wayOutOf(name) : network),
      aliasesOn(network, { name, aliases }),
    ]),
  );

async function namesOfNetworks(stack: string): Promise<Map<string, string>> {
  const format = ["--no-trunc", "--format", "{{.ID}} {{.Name}}"];
  const lines = (await docker("network", "ls", ...format, ...stackFilters(stack)))
    .split("\n")
    .filter(Boolean);
  return new Map(lines.map((line) => line.split(" ") as [string, string]));
}
