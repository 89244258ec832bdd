import * as pulumi from "@pulumi/pulumi";
import { RagStack } from "../../components/stack.ts";
import { type Facts, readSystem } from "../../config/resolve.ts";
import { askedSecrets } from "../../config/settings/app-secrets.ts";
import { userSecrets } from "../../config/settings/schema.ts";
import { recognisedIn } from "../../config/spec/image.ts";
import type { Limits } from "../../config/spec/limits.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { isLongRunning, longRunning, publishedPorts } from "../../config/spec/service.ts";
import { fullName } from "../../config/spec/stack.ts";
import { mebibytes } from "../../config/spec/units.ts";
import { alertGroups } from "../../monitoring/alerts/index.ts";
import { type Description, nothing } from "./description.ts";

const kinds = {
  "docker:index/network:Network": "network",
  "docker:index/volume:Volume": "volume",
  "docker:index/remoteImage:RemoteImage": "image",
  "random:index/randomPassword:RandomPassword": "secret",
} as const;

type Resource = Pick<pulumi.runtime.MockResourceArgs, "type" | "name" | "inputs">;

/**
 * Describes the resources that settings declare, without Docker, state or secrets: Pulumi's mocks
 * run the real components. Each of the user's secrets counts as set.
 */
export async function describe(raw: Readonly<Record<string, unknown>>, facts: Facts): Promise<Description> {
  const keys = [...Object.keys(userSecrets), ...askedSecrets(raw)];
  const { spec, problems, findings } = readSystem(raw, { ...facts, secrets: new Set(keys) });
  if (!spec) return { ...nothing, problems, findings };
  const declared = await declare(spec, facts, keys);
  const services = new Map(spec.services.map((service) => [service.name, service]));
  const containers = declared.flatMap(({ type, name, inputs }) => {
    const service = /:(Container|Service)$/.test(type) && services.get(serviceOf(inputs));
    if (!service) return [];
    const { name: key, kind, role } = service;
    const watches = ["monitoring", "exporter", "certificates"].includes(role);
    const stopsFirst = kind === "stateful" || publishedPorts(service).length > 0;
    return [[short(name, facts), { service: key, kind, stopsFirst, watches, inputs }]] as const;
  });
  const others = Map.groupBy(declared, ({ type }) => kinds[type as keyof typeof kinds]);
  const named = (kind: keyof Description["others"]) =>
    Object.fromEntries(
      (others.get(kind) ?? []).map(({ name, inputs }) => [short(name, facts).replace(/^image-/, ""), inputs]),
    );
  const running = longRunning(spec.services);
  const sum = (of: (limits: Limits) => number): number =>
    running.reduce((all, { limits, replicas }) => all + replicas * of(limits), 0);
  return {
    system: spec.name,
    environment: spec.environment,
    containers: Object.fromEntries(containers),
    others: {
      network: named("network"),
      volume: named("volume"),
      image: named("image"),
      secret: named("secret"),
    },
    builds: recognisedIn(spec.services.map(({ image }) => image)),
    ports: Object.fromEntries(running.map((service) => [service.name, addresses(service)])),
    postgres: Object.fromEntries(
      running.flatMap((service) =>
        service.postgresVersion ? [[service.name, service.postgresVersion]] : [],
      ),
    ),
    memory: sum(({ memory }) => mebibytes(memory)),
    cpus: sum(({ cpus }) => cpus),
    alerts: alertsOf(spec),
    problems,
    findings,
  };
}

/**
 * Runs the components under Pulumi's mocks. An id changes exactly when the real id would change.
 */
async function declare(
  system: SystemSpec,
  { project, stack }: Facts,
  keys: readonly string[],
): Promise<Resource[]> {
  const declared: Resource[] = [];
  const newResource = ({ type, name, inputs }: pulumi.runtime.MockResourceArgs) => {
    if (!type.startsWith("ragdock:")) declared.push({ type, name, inputs: open(inputs) });
    const state = { ...inputs, name: inputs.name ?? name };
    switch (type) {
      case "docker:index/network:Network":
        return { id: JSON.stringify(inputs), state };
      case "docker:index/remoteImage:RemoteImage":
        return { id: name, state: { ...state, imageId: inputs.name, repoDigest: inputs.name } };
      case "random:index/randomPassword:RandomPassword":
        return {
          id: name,
          state: { ...state, result: pulumi.secret(placeholder(name, inputs, { project, stack })) },
        };
      default:
        return { id: name, state: { ...state, exitCode: 0, containerLogs: "" } };
    }
  };
  await pulumi.runtime.setMocks({ newResource, call: () => ({}) }, project, stack);
  const secrets = Object.fromEntries(keys.map((key) => [key, pulumi.secret(`{{secret:${key}}}`)]));
  new RagStack(`${project}-${stack}`, {
    project,
    stack,
    system,
    secrets,
    secretVersions: {},
    keptSecrets: {},
    pushImage: async (reference) => reference,
    stopReplaced: async () => {},
    // The program of an image is known only when the image exists.
    imageProgram: async () => ({ entrypoint: [], command: ["the program of the image"] }),
    existingVolumes: {},
    broken: {},
    deployer: "",
    // The digest depends on the machine, so both revisions use the same value.
    baseImage: "base",
    hostPath: (path) => path,
  });
  await pulumi.runtime.disconnect();
  return declared;
}

/** Removes Pulumi's marks of secrets, because each secret is a placeholder already. */
function open<T>(value: T): T {
  if (pulumi.runtime.isRpcSecret(value)) return open(pulumi.runtime.unwrapRpcSecret(value));
  if (Array.isArray(value)) return value.map(open) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, open(item)])) as T;
}

/** Returns the placeholder of a secret: its name, and its generation if it was rotated. */
function placeholder(name: string, inputs: Resource["inputs"], of: Pick<Facts, "project" | "stack">): string {
  const generation = inputs.keepers?.generation;
  return `{{secret:${short(name, of)}${generation ? ` generation ${generation}` : ""}}}`;
}

const short = (name: string, of: Pick<Facts, "project" | "stack">): string =>
  name.slice(fullName(of, "").length);

const serviceOf = ({ labels }: Resource["inputs"]): string =>
  labels.find(({ label }: { label: string }) => label === "ragdock.service")?.value;

const addresses = (service: Parameters<typeof publishedPorts>[0]): string[] =>
  publishedPorts(service).map(({ host, exposure }) =>
    exposure === "public" ? `port ${host}, open to everyone` : `port ${host}, this host only`,
  );

function alertsOf({ services }: SystemSpec): Record<string, string> {
  if (!services.some((service) => isLongRunning(service) && service.name === "prometheus")) return {};
  const all = alertGroups(services).flatMap(({ alerts }) => alerts);
  return Object.fromEntries(all.map(({ name, expr, holds = "0s" }) => [name, `${expr} for ${holds}`]));
}
