import { Failure } from "../config/spec/failure.ts";
import { setCommand } from "../config/spec/message.ts";
import { publishedPorts, type SystemSpec } from "../config/spec/service.ts";
import { docker } from "./docker-cli.ts";

/** The fields of `docker info` that this uses. */
interface Info {
  readonly Name: string;
  readonly Swarm: { readonly LocalNodeState: string; readonly ControlAvailable: boolean };
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
 * Refuses a Docker host that is no manager of a Swarm, and ports that another service of the Swarm
 * publishes.
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
  await requireServicePorts(stack, system);
}

async function requireServicePorts(stack: string, { services }: SystemSpec): Promise<void> {
  const ids = (await docker("service", "ls", "-q")).split("\n").filter(Boolean);
  if (ids.length === 0) return;
  const all = JSON.parse(await docker("service", "inspect", ...ids)) as Published[];
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
