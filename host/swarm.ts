import { Failure } from "../config/spec/failure.ts";
import { setCommand } from "../config/spec/message.ts";
import { publishedPorts, type SystemSpec } from "../config/spec/service.ts";
import { encryptedOption } from "../config/spec/swarm.ts";
import type { SwarmOptions } from "../config/spec/target.ts";
import { docker, inspectAll, stackFilters } from "./docker-cli.ts";

/** The fields of `docker info` that this uses. */
interface Info {
  readonly Name: string;
  readonly Swarm: { readonly LocalNodeState: string; readonly ControlAvailable: boolean };
}

/** The fields of `docker network inspect` that this uses. */
interface Network {
  readonly Options: Readonly<Record<string, string>> | null;
}

/** The fields of `docker service inspect` that this uses. */
interface Published {
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly EndpointSpec?: { readonly Ports?: readonly { readonly PublishedPort?: number }[] };
  };
}

/**
 * Refuses a Docker host that is no active manager of a Swarm, and ports that another service of the
 * Swarm publishes.
 */
export async function requireSwarm(stack: string, system: SystemSpec): Promise<void> {
  const { Name, Swarm } = JSON.parse(await docker("info", "--format", "{{json .}}")) as Info;
  if (!Swarm.ControlAvailable)
    throw new Failure(
      Swarm.LocalNodeState === "active"
        ? `ragdock:target is swarm, and ${Name} is a worker of its Swarm. Only a manager can deploy.`
        : `ragdock:target is swarm, and Docker on ${Name} is in no Swarm.`,
      "Select a manager with docker:host, DOCKER_HOST or DOCKER_CONTEXT. To make a Swarm: docker swarm init",
    );
  await Promise.all([
    requireActive(Name),
    requireNodes(system.swarm),
    requireEncryption(stack, system.swarm),
    requireServicePorts(stack, system),
  ]);
}

/** Jobs run on the manager, in networks of the Swarm, which schedules nothing on a node that is not active. */
async function requireActive(name: string): Promise<void> {
  const format = "{{.Spec.Availability}}";
  const availability = (await docker("node", "inspect", "--format", format, "self")).trim();
  if (availability === "active") return;
  throw new Failure(
    `ragdock:target is swarm, and the availability of its manager ${name} is ${availability}. It could not run the jobs.`,
    `Make it active: docker node update --availability active ${name}`,
  );
}

/** Without a node to run on, a deployment would wait for its services until it gives up. */
async function requireNodes({ ingressNodes }: SwarmOptions): Promise<void> {
  if (ingressNodes === undefined) return;
  const label = `${ingressNodes}=true`;
  if (await docker("node", "ls", "--quiet", "--filter", `node.label=${label}`)) return;
  throw new Failure(
    `ragdock:swarm.ingressNodes is ${ingressNodes}, and no node of the Swarm has the label ${label}. No node would publish a port.`,
    `Give it to a node: docker node update --label-add ${label} <node>`,
  );
}

/** Docker does not change a network. A new one needs all services to be stopped. */
async function requireEncryption(stack: string, { encrypted }: SwarmOptions): Promise<void> {
  const own = [...stackFilters(stack), "--filter", "driver=overlay"];
  const names = (await docker("network", "ls", "--format", "{{.Name}}", ...own)).split("\n").filter(Boolean);
  const networks = await inspectAll<Network>("network", names);
  const others = networks.filter(
    ({ Options }) => Object.hasOwn(Options ?? {}, encryptedOption) !== encrypted,
  );
  if (others.length === 0) return;
  throw new Failure(
    `ragdock:swarm.encrypted is ${encrypted}, and the networks of stack "${stack}" run with ${!encrypted}.`,
    `Its services must stop for new networks. Its data stays: make down STACK=${stack} && make up STACK=${stack}`,
  );
}

async function requireServicePorts(stack: string, { services }: SystemSpec): Promise<void> {
  const ids = (await docker("service", "ls", "-q")).split("\n").filter(Boolean);
  const all = await inspectAll<Published>("service", ids);
  const others = all.filter(({ Spec }) => Spec.Labels?.["ragdock.stack"] !== stack);
  const lines = services.flatMap((service) =>
    publishedPorts(service).flatMap(({ host, owner = service.name }) => {
      const holder = others.find(({ Spec }) =>
        Spec.EndpointSpec?.Ports?.some(({ PublishedPort }) => PublishedPort === host),
      );
      if (!holder) return [];
      const move = setCommand(`services.${owner}.port`, String(host + 1));
      return [
        `  port ${host} of ${owner} is taken by the service ${holder.Spec.Name}`,
        `      Move ours: ${move}`,
      ];
    }),
  );
  if (lines.length > 0)
    throw new Failure(
      `Ports are taken, and nothing was changed:\n${lines.join("\n")}`,
      "Or remove the service that holds the port.",
    );
}
