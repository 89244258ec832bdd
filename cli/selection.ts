import { type ImageMode, imagePlan } from "../components/image-plan.ts";
import { Failure } from "../config/spec/failure.ts";
import { type ImageSource, imageName } from "../config/spec/image.ts";
import { declaredNetworks } from "../config/spec/networks.ts";
import { deployedWith, partOf } from "../config/spec/part.ts";
import { collectSecrets } from "../config/spec/secrets.ts";
import { isLongRunning, type LongRunning, type SystemSpec } from "../config/spec/service.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import { fileResource, isSecret } from "../config/spec/swarm.ts";
import { resourceName } from "../host/broken-containers.ts";
import { type Container, serviceOf } from "../host/docker.ts";
import { imageType } from "./backends/deployer.ts";

/** The services of a system that one deployment changes. */
export interface Selection {
  readonly part: SystemSpec;
  /** The services that are deployed in addition to those that the user asked for. */
  readonly along: readonly string[];
  /** The services outside of the selection that have no container. */
  readonly absent: readonly string[];
}

/**
 * The services of `--service api,worker`, and those that are deployed with them.
 * @throws Failure for a name that is not a service, with the names
 */
export function selectionOf(system: SystemSpec, text: string, containers: readonly Container[]): Selection {
  const names = system.services.map(({ name }) => name);
  const asked = text
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  const wrong = asked.filter((name) => !names.includes(name));
  if (wrong.length > 0 || asked.length === 0)
    throw new Failure(
      wrong.length > 0
        ? `${system.name} has no service ${wrong.map((name) => `"${name}"`).join(", ")}.`
        : "The option --service has no name of a service.",
      `Its services: ${names.join(", ")}. For example: make up SERVICE=${names[0]}`,
    );
  const running = new Set(containers.map(serviceOf));
  const selected = deployedWith(system, asked, running);
  return {
    part: partOf(system, selected),
    along: names.filter((name) => selected.has(name) && !asked.includes(name)),
    absent: names.filter((name) => !selected.has(name) && !running.has(name)),
  };
}

/**
 * The resources of a part of a system, each as `type::name`. Pulumi creates no resource whose
 * parent is left out, so the result includes the components.
 */
export function targetsOf(
  stack: StackName,
  part: SystemSpec,
  mode: ImageMode,
  containers: readonly Container[],
): string[] {
  const { services, target } = part;
  const onSwarm = target === "swarm";
  const names = new Set(services.map(({ name }) => name));
  const named = (type: string, parts: readonly string[]): string[] =>
    parts.map((name) => `${type}::${fullName(stack, name)}`);
  // Containers that exist include replicas that the settings no longer have.
  const existing = containers
    .filter((container) => container.Node === undefined && names.has(serviceOf(container)))
    .map((container) => `docker:index/container:Container::${resourceName(container)}`);
  const running = services.filter(isLongRunning);
  const declared = (onSwarm ? services.filter((one) => !isLongRunning(one)) : services).flatMap((service) =>
    service.kind === "job" || service.replicas === 1
      ? [service.name]
      : Array.from({ length: service.replicas }, (_, index) => `${service.name}-${index + 1}`),
  );
  const volumes = services.flatMap((service) => service.volumes.map(({ volume }) => volume));
  const all = [
    `ragdock:index:RagStack::${stack.project}-${stack.stack}`,
    ...named("ragdock:core:Secrets", ["secrets"]),
    ...named("ragdock:core:Images", ["images"]),
    ...services.map(({ name, kind }) =>
      kind === "job"
        ? `ragdock:core:Job::${fullName(stack, `${name}-job`)}`
        : `ragdock:${onSwarm ? "swarm" : "core"}:Service::${fullName(stack, `${name}-service`)}`,
    ),
    ...named("docker:index/network:Network", Object.keys(declaredNetworks(part))),
    ...named("docker:index/volume:Volume", onSwarm ? [] : volumes),
    ...(onSwarm ? running.flatMap((service) => swarmResources(stack, service)) : []),
    ...named("random:index/randomPassword:RandomPassword", generatedSecrets(part)),
    ...named(
      imageType,
      services.flatMap(({ image }) => imagesOf(image, mode)).map((name) => `image-${name}`),
    ),
    ...named("docker:index/container:Container", declared),
    ...existing,
  ];
  return [...new Set(all)];
}

/** A service of a Swarm and its files. */
const swarmResources = (stack: StackName, service: LongRunning): string[] => [
  `docker:index/service:Service::${fullName(stack, service.name)}`,
  ...service.files.map((file) => {
    const type = isSecret(file) ? "secret:Secret" : "serviceConfig:ServiceConfig";
    return `docker:index/${type}::${fileResource(stack, service, file)}`;
  }),
];

/** The resource names of a part's generated secrets, with all their generations. */
const generatedSecrets = ({ services }: SystemSpec): string[] =>
  Object.entries(collectSecrets(services)).flatMap(([name, source]) =>
    source.from === "generated"
      ? Array.from({ length: source.generation }, (_, index) => (index === 0 ? name : `${name}-${index + 1}`))
      : [],
  );

/** The short names of an image and of those that it is built on. */
function imagesOf(source: ImageSource, mode: ImageMode): string[] {
  const plan = imagePlan(source, mode);
  const bases = plan.kind === "build" ? (plan.bases ?? []) : [];
  return [imageName(source), ...bases.flatMap((base) => imagesOf(base, mode))];
}
