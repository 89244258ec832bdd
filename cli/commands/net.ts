import { imagePlan } from "../../components/image-plan.ts";
import { Failure } from "../../config/spec/failure.ts";
import { hasWayOut } from "../../config/spec/networks.ts";
import { listenAddress, publishedPorts, type SystemSpec } from "../../config/spec/service.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { command, jsonOption, print, serviceOption, stackOption } from "../command.ts";
import { requireContainers } from "../inside.ts";
import { realReaches, runningOf } from "../net/connections.ts";
import { declaredReaches, type Reach } from "../net/ports.ts";
import { imageModeOf, reachableSystem, systemOf } from "../system.ts";
import { table } from "../ui/text.ts";

export const net = command({
  name: "net",
  summary: "Show which service can reach which other one, by name and port",
  details:
    "The list comes from the networks that the system declares. --check opens each connection from the network of the container, and exits with 1 if anything differs",
  options: {
    stack: stackOption,
    service: { ...serviceOption, description: "the services that this one reaches, and those that reach it" },
    check: { flags: "--check", description: "try each connection of the running stack" },
    json: jsonOption,
  },
  examples: ["net", "net --service api", "net --stack prod --check"],
  run: async ({ stack, service, check, json }) => {
    const system = check ? await reachableSystem(stack) : await systemOf(stack);
    if (service !== undefined) requireService(system, service);
    if (check) await requireContainers(stack, undefined);
    const all = declaredReaches(system);
    const differences = check ? await differencesOf(stack, system, all) : [];
    const shown = all.filter(({ from, to }) => service === undefined || from === service || to === service);
    if (json) print(JSON.stringify({ stack, reaches: shown, ...outsideOf(system), differences }, null, 2));
    else print([netText(system, shown), ...(check ? [checkText(differences)] : [])].join("\n\n"));
    return differences.length === 0 ? 0 : 1;
  },
});

/** @throws Failure with the services that the system has */
export function requireService({ name: system, services }: SystemSpec, service: string): void {
  const names = services.map(({ name }) => name);
  if (names.includes(service)) return;
  throw new Failure(`${system} has no service "${service}".`, `Its services: ${names.join(", ")}.`);
}

/** Formats which service reaches which, the published ports, and the routes out of the stack. */
export function netText(system: SystemSpec, shown: readonly Reach[]): string {
  const rows = shown.map(({ from, to, ports, networks, calls }) => [
    from,
    ports.map((port) => `${to}:${port}`).join(" "),
    networks.join(", "),
    calls ? "yes" : "no",
  ]);
  const { published, leaves } = outsideOf(system);
  return [
    table(["FROM", "REACHES", "OVER", "CALLS IT"], rows),
    "",
    `From the Docker host: ${published.join(", ") || "nothing"}`,
    `To hosts outside of the stack: ${leaves.join(", ") || "nothing"}`,
    "Two services on one network can reach each other, even if neither calls the other.",
  ].join("\n");
}

/** The ports on the Docker host, and the services with a route out. */
const outsideOf = ({ services }: SystemSpec) => ({
  published: services.flatMap((service) =>
    publishedPorts(service).map(
      (port) => `${listenAddress(port)}:${port.host} → ${service.name}:${port.container}`,
    ),
  ),
  leaves: services.filter(hasWayOut).map(({ name }) => name),
});

/** A pair of services whose connection differs from what is declared. */
interface Difference {
  readonly from: string;
  readonly to: string;
  readonly problem: "open, and not declared" | "declared, and not open";
}

async function differencesOf(
  stack: string,
  system: SystemSpec,
  all: readonly Reach[],
): Promise<Difference[]> {
  const running = await runningOf(stack, system);
  const names = new Set(running.map(({ service }) => service.name));
  const real = await realReaches(await probeImage(system), running);
  const declared = all.filter(({ from, to }) => names.has(from) && names.has(to));
  const isDeclared = (from: string, to: string): boolean =>
    declared.some((one) => one.from === from && one.to === to);
  return [
    ...[...real].flatMap(([from, open]) =>
      [...open]
        .filter((to) => !isDeclared(from, to))
        .map((to) => ({ from, to, problem: "open, and not declared" }) as const),
    ),
    ...declared
      .filter(({ from, to }) => !real.get(from)?.has(to))
      .map(({ from, to }) => ({ from, to, problem: "declared, and not open" }) as const),
  ];
}

/**
 * An image with bash or BusyBox: the base image, or the nginx image, which each system with a
 * gateway runs.
 */
async function probeImage(system: SystemSpec): Promise<string> {
  const gateway = system.services.find(({ role }) => role === "gateway" || role === "ingress");
  if (system.images === "packages" || !gateway) return ensureBaseImage();
  return imagePlan(gateway.image, await imageModeOf(system)).reference;
}

const checkText = (differences: readonly Difference[]): string =>
  differences.length === 0
    ? "Checked: the running services reach each other as declared, and no others."
    : `Differs from the running stack:\n${differences.map(({ from, to, problem }) => `  ${from} → ${to}: ${problem}`).join("\n")}`;
