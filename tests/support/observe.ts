import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { promisify } from "node:util";
import { eventually } from "../../tools/eventually.ts";
import { docker, type TestStack } from "./stack.ts";

const exec = promisify(execFile);

/** A running service as Docker reports it, which may differ from its configuration. */
export interface Observed {
  /** `address:host->container`, sorted. */
  readonly ports: readonly string[];
  /** Short names of the networks, sorted. */
  readonly networks: readonly string[];
  /**
   * The volume's short name or the source folder by mount point. A read-only mount ends with `:ro`.
   * A volume of one container only has no name.
   */
  readonly mounts: Readonly<Record<string, string>>;
  /** The network aliases, without the container's id and name. */
  readonly names: readonly string[];
  readonly user: string;
  readonly command: readonly string[];
  readonly cpus: number;
  /** MiB. */
  readonly memory: number;
  /** In MiB. 0 means no limit. */
  readonly reservation: number;
  /** MiB. */
  readonly shm: number;
  /** `size x files`. */
  readonly logs: string;
  readonly restart: string;
  /** `interval/timeout/start/tries` of one check, in seconds. */
  readonly health: string;
  readonly replicas: number;
  /** The start of the service's first container. */
  readonly started: number;
}

interface Inspected {
  readonly Config: {
    readonly User: string;
    readonly Cmd: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Healthcheck?: {
      readonly Test: readonly string[];
      readonly Interval: number;
      readonly Timeout: number;
      readonly StartPeriod: number;
      readonly Retries: number;
    };
  };
  readonly State: { readonly StartedAt: string };
  readonly HostConfig: {
    readonly NanoCpus: number;
    readonly Memory: number;
    readonly MemoryReservation: number;
    readonly ShmSize: number;
    readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
    readonly RestartPolicy: { readonly Name: string };
    readonly PortBindings: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>> | null;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly Aliases: readonly string[] | null }>>;
  };
}

const mib = 2 ** 20;
const second = 1e9;

/** Returns every running service of a stack. */
export async function observe(stack: TestStack): Promise<Record<string, Observed>> {
  const ids = await stack.containers();
  const all = JSON.parse(await docker("inspect", ...ids)) as Inspected[];
  const services = Map.groupBy(all, (c) => c.Config.Labels["ragdock.service"] ?? "");
  return Object.fromEntries([...services].map(([name, replicas]) => [name, observed(replicas, stack.name)]));
}

function observed(replicas: readonly Inspected[], stack: string): Observed {
  const { Config, HostConfig, Mounts, NetworkSettings } = replicas[0] as Inspected;
  const short = (name: string): string =>
    /^[0-9a-f]{64}$/.test(name) ? "no name" : name.replace(`ragdock-${stack}-`, "");
  const { Healthcheck: h } = Config;
  const seconds = (ns: number): string => `${ns / second}s`;
  const aliases = Object.values(NetworkSettings.Networks).flatMap((n) => n.Aliases ?? []);
  return {
    ports: Object.entries(HostConfig.PortBindings ?? {})
      .flatMap(([port, bindings]) =>
        bindings.map((b) => `${b.HostIp}:${b.HostPort}->${Number.parseInt(port, 10)}`),
      )
      .sort(),
    networks: Object.keys(NetworkSettings.Networks).map(short).sort(),
    mounts: Object.fromEntries(
      Mounts.map((m) => [
        m.Destination,
        `${m.Type === "volume" ? short(m.Name ?? "") : m.Source}${m.RW ? "" : ":ro"}`,
      ]),
    ),
    names: [...new Set(aliases)].filter((name) => !/^[0-9a-f]{12}$/.test(name)).sort(),
    user: Config.User,
    command: Config.Cmd ?? [],
    cpus: HostConfig.NanoCpus / second,
    memory: HostConfig.Memory / mib,
    reservation: HostConfig.MemoryReservation / mib,
    shm: HostConfig.ShmSize / mib,
    logs: `${HostConfig.LogConfig.Config["max-size"]} x ${HostConfig.LogConfig.Config["max-file"]}`,
    restart: HostConfig.RestartPolicy.Name,
    health: h
      ? `${seconds(h.Interval)}/${checkTimeout(h) ?? seconds(h.Timeout)}/${seconds(h.StartPeriod)}/${h.Retries}`
      : "none",
    replicas: replicas.length,
    started: Math.min(...replicas.map((c) => Date.parse(c.State.StartedAt))),
  };
}

/** The time limit of one check, if it is a paced check (config/spec/paced-check.ts). */
const checkTimeout = ({ Test }: { readonly Test: readonly string[] }): string | undefined => {
  const allowed = /timeout (\d+) "\$@"/.exec(Test.join(" "))?.[1];
  return allowed && `${allowed}s`;
};

/** Runs a command in a service's first container. Returns its exit code and output. */
export async function inside(
  stack: TestStack,
  service: string,
  ...command: string[]
): Promise<{ code: number; output: string }> {
  const id = await stack.container(service);
  try {
    return { code: 0, output: await docker("exec", id, ...command) };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code: number; stdout?: string; stderr?: string };
    return { code, output: `${stdout}${stderr}` };
  }
}

/**
 * Whether a container can open a TCP connection. It runs Python, which the applications' images
 * contain.
 */
export async function reaches(
  stack: TestStack,
  service: string,
  host: string,
  port: number,
): Promise<boolean> {
  const script = `import socket; socket.create_connection(("${host}", ${port}), 3)`;
  return (await inside(stack, service, "python3", "-c", script)).code === 0;
}

/**
 * Calls `use` with the address of a web server outside of this host and of all containers. The
 * server is in a network namespace behind a separate link, so only traffic that Docker forwards
 * reaches it. From every network, even an internal one, containers can reach the host itself,
 * because Docker drops only forwarded traffic. Needs root.
 */
export async function withOutside(use: (host: string, port: number) => Promise<void>): Promise<void> {
  const id = randomInt(2 ** 14);
  // Networks for benchmarks, which nothing else uses (RFC 2544): a /30 for each call.
  const address = (last: number): string => `198.18.${id >> 6}.${((id & 63) << 2) + last}`;
  const [name, link, near, host] = [`ragdock-outside-${id}`, `rd-out-${id}`, address(1), address(2)];
  const port = 8080;
  const ip = async (line: string) => void (await exec("ip", line.split(" ")));
  await ip(`netns add ${name}`);
  const server = `require("node:http").createServer((_, res) => res.end("ok")).listen(${port}, "${host}")`;
  let serving: ChildProcess | undefined;
  try {
    await ip(`link add ${link} type veth peer name eth0 netns ${name}`);
    await ip(`addr add ${near}/30 dev ${link}`);
    await ip(`link set ${link} up`);
    await ip(`-n ${name} addr add ${host}/30 dev eth0`);
    await ip(`-n ${name} link set eth0 up`);
    await ip(`-n ${name} route add default via ${near}`);
    serving = spawn("ip", ["netns", "exec", name, process.execPath, "-e", server], { stdio: "ignore" });
    await eventually(async () => (await fetch(`http://${host}:${port}`)).ok || undefined);
    await use(host, port);
  } finally {
    serving?.kill();
    await ip(`netns del ${name}`);
  }
}

/**
 * Returns the size of a service's image in megabytes, its configuration, and the `programs` that it
 * contains.
 */
export async function imageOf(
  stack: TestStack,
  service: string,
  programs: readonly string[],
): Promise<{ megabytes: number; config: string; found: string[] }> {
  const id = (await docker("inspect", "--format", "{{.Image}}", await stack.container(service))).trim();
  const size = Number(await docker("image", "inspect", "--format", "{{.Size}}", id));
  const config = await docker("image", "inspect", "--format", "{{json .Config}}", id);
  const line = programs.map((program) => `command -v ${program} >/dev/null && echo ${program}`).join("; ");
  const found = await docker("run", "--rm", "--entrypoint", "sh", id, "-c", `${line}; true`);
  return { megabytes: size / 1e6, config, found: found.split("\n").filter(Boolean) };
}

/** Returns the services of a stack in the order of their start. */
export const startOrder = (services: Readonly<Record<string, Observed>>): string[] =>
  Object.entries(services)
    .sort(([, a], [, b]) => a.started - b.started)
    .map(([name]) => name);
