import { type ContainerView, type ImageView, isCheck } from "./view.ts";

/** The inputs of a docker.Container that the rules see. */
export interface ContainerInputs {
  readonly user?: string;
  readonly envs?: readonly string[];
  readonly capabilities?: { readonly drops?: readonly string[] };
  readonly cpus?: string;
  readonly memory?: number;
  readonly logDriver?: string;
  readonly logOpts?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly tests: readonly string[] };
  readonly ports?: readonly { readonly external?: number; readonly ip?: string }[];
  readonly volumes?: readonly { readonly volumeName?: string }[];
  readonly labels?: readonly { readonly label: string; readonly value: string }[];
}

/** The inputs of a docker.RemoteImage that the rules see. */
export interface ImageInputs {
  readonly name: string;
  readonly build?: unknown;
}

const kinds = ["stateful", "stateless", "job"] as const;

/**
 * A declared container as the rules see it.
 * @param name the name of its resource. It is the name of a container without Ragdock's labels
 */
export function declaredContainer(name: string, inputs: ContainerInputs): ContainerView {
  const labels = new Map(inputs.labels?.map(({ label, value }) => [label, value]));
  const kind = kinds.find((one) => one === labels.get("ragdock.kind")) ?? "stateless";
  return {
    service: labels.get("ragdock.service") ?? name,
    kind,
    user: inputs.user,
    environment: Object.fromEntries(inputs.envs?.map(variable) ?? []),
    dropsCapabilities: inputs.capabilities?.drops?.includes("ALL") ?? false,
    cpus: Number(inputs.cpus ?? 0),
    memoryMiB: inputs.memory ?? 0,
    rotatesLogs: rotatesLogs(inputs),
    hasHealthcheck: isCheck(inputs.healthcheck?.tests ?? []),
    publicPorts: (inputs.ports ?? [])
      .filter(({ ip }) => ip === undefined || !/^127\.|^::1$/.test(ip))
      .map(({ external = 0 }) => external),
    volumes: (inputs.volumes ?? []).flatMap(({ volumeName }) => volumeName ?? []),
  };
}

/** A declared image as the rules see it. Undefined for an image that is built. */
export function declaredImage(name: string, inputs: ImageInputs): ImageView | undefined {
  if (inputs.build !== undefined) return undefined;
  return { name: name.replace(/^.*-image-/, ""), reference: inputs.name };
}

function variable(line: string): [string, string] {
  const [name = ""] = line.split("=", 1);
  return [name, line.slice(name.length + 1)];
}

/**
 * Docker's default driver keeps all logs unless the size of a file is set. The other drivers rotate
 * logs, or send them elsewhere.
 */
const rotatesLogs = ({ logDriver = "json-file", logOpts = {} }: ContainerInputs): boolean =>
  logDriver !== "json-file" || logOpts["max-size"] !== undefined;
