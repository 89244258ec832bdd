/**
 * A Docker Swarm on this machine: engines in separate network namespaces, which share a bridge in
 * another namespace. They share the disk, the memory and the CPUs, so a test with them does not
 * prove what separate machines do. The engine of this machine stays out of the Swarm: leaving one
 * breaks the name lookups of its running containers.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { nodeHostLabel } from "../../config/spec/swarm.ts";
import { eventually } from "../eventually.ts";
import { limitCores, removeCgroups } from "./cgroups.ts";

const run = promisify(execFile);

const lan = "ragdock-lan";
const subnet = "10.213.90";

/** This machine's address, as the nodes see it. */
export const machine = `${subnet}.1`;

/** Returns a command that the test needs and that this machine does not have. */
export const missingForSwarm = (): string | undefined => {
  if (process.getuid?.() !== 0) return "root";
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  return ["dockerd", "ip", "nsenter", "docker-registry"].find((command) => {
    try {
      execFileSync("sh", ["-c", `command -v ${command}`], { env: { ...process.env, PATH: path } });
      return false;
    } catch {
      return true;
    }
  });
};

/** One engine of the Swarm. */
export class SwarmNode {
  readonly name: string;
  readonly address: string;
  readonly namespace: string;
  readonly folder: string;
  readonly #plainRegistry: string;
  #process: ChildProcess | undefined;

  /**
   * @param parent the folder in which the node makes its own when it starts
   * @param plainRegistry the host and port of a registry without TLS
   */
  constructor(number: number, parent: string, plainRegistry: string) {
    this.#plainRegistry = plainRegistry;
    this.name = `node-${number}`;
    this.address = `${subnet}.${10 + number}`;
    this.namespace = `ragdock-${this.name}`;
    this.folder = join(parent, this.name);
  }

  get host(): string {
    return `unix://${join(this.folder, "docker.sock")}`;
  }

  /** Starts the engine, as a boot of its machine would. */
  async start(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    const within = (name: string): string => join(this.folder, name);
    const options = [
      ...["--host", this.host, "--data-root", within("data"), "--exec-root", within("exec")],
      ...["--cgroup-parent", `/${this.namespace}`],
      ...["--pidfile", within("pid"), "--insecure-registry", this.#plainRegistry],
    ];
    // `ip netns exec` would hide the cgroups, which dockerd needs. The host name is the node's name.
    const command = [`--net=/run/netns/${this.namespace}`, "unshare", "--uts", "sh", "-c"];
    const script = `hostname ${this.name} && exec dockerd "$@" > ${within("log")} 2>&1`;
    this.#process = spawn("nsenter", [...command, script, "sh", ...options], {
      stdio: "ignore",
      // An interrupt of the test ends the test only, which then stops the engine.
      detached: true,
    });
    await eventually(async () => (await this.docker("version")) || undefined, 60);
  }

  /** Gives the containers of the node, all together, a share of the cores. Its engine has all of them. */
  limit(cores: number): void {
    limitCores(this.namespace, cores);
  }

  /** Runs the docker CLI of the node. */
  async docker(...args: string[]): Promise<string> {
    const options = { maxBuffer: 64 * 2 ** 20, env: { ...process.env, DOCKER_HOST: this.host } };
    return (await run("docker", args, options)).stdout;
  }

  /** Ends the engine and all its containers at once, as a power cut does. */
  async kill(): Promise<void> {
    const ids = (await this.docker("ps", "-q")).split("\n").filter(Boolean);
    const format = ["--format", "{{.State.Pid}}"];
    const pids = ids.length > 0 ? await this.docker("inspect", ...format, ...ids) : "";
    const child = this.#process;
    const ended = new Promise((done) => child?.once("exit", done));
    for (const pid of [...this.#programs(), ...pids.split("\n").filter(Boolean).map(Number)]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended with another one.
      }
    }
    await ended;
  }

  /** The engine, its containerd and the programs of that: all have the folder of the node as an argument. */
  #programs(): number[] {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${this.folder}/`);
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    // A container that does not end by itself would hold up the engine.
    const ids = (await this.docker("ps", "-q").catch(() => "")).split("\n").filter(Boolean);
    if (ids.length > 0) await this.docker("kill", ...ids).catch(() => "");
    const ended = new Promise((done) => child.once("exit", done));
    child.kill();
    await ended;
    // The last processes may still end. What stays then is empty, and the next engine uses it again.
    const isRemoved = async (): Promise<true> => {
      removeCgroups(this.namespace);
      return true;
    };
    await eventually(isRemoved, 10).catch(() => undefined);
  }
}

/** A Swarm of engines. The first one is the manager. */
export class TestSwarm {
  readonly nodes: readonly SwarmNode[];
  /** It does not exist before the start: only root can make it, and others skip the tests. */
  readonly #folder = `/var/lib/ragdock-swarm-${randomBytes(3).toString("hex")}`;

  /** @param plainRegistry the host and port of a registry without TLS */
  constructor(plainRegistry: string, count: number) {
    const nodeOf = (number: number) => new SwarmNode(number, this.#folder, plainRegistry);
    this.nodes = Array.from({ length: count }, (_, index) => nodeOf(index + 1));
  }

  get manager(): SwarmNode {
    return this.nodes[0] as SwarmNode;
  }

  async start(): Promise<void> {
    mkdirSync(this.#folder, { mode: 0o700 });
    network(this.nodes);
    await Promise.all(this.nodes.map((node) => node.start()));
    const { manager } = this;
    await manager.docker("swarm", "init", "--advertise-addr", manager.address);
    const token = (await manager.docker("swarm", "join-token", "-q", "worker")).trim();
    for (const node of this.nodes.slice(1))
      await node.docker("swarm", "join", "--token", token, "--advertise-addr", node.address, manager.address);
    // Commands reach the Docker of each node by its socket, and not over ssh.
    for (const node of this.nodes)
      await manager.docker("node", "update", "--label-add", `${nodeHostLabel}=${node.host}`, node.name);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    for (const { namespace } of this.nodes) execFileSync("ip", ["netns", "del", namespace]);
    execFileSync("ip", ["netns", "del", lan]);
    // A killed engine leaves its mounts.
    const mounts = readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[1] ?? "");
    for (const mount of mounts.filter((path) => path.startsWith(`${this.#folder}/`)).reverse())
      execFileSync("umount", ["--lazy", mount], { stdio: "pipe" });
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Connects the namespaces of the nodes and this machine by a bridge. The bridge has a separate
 * namespace, because the packet filter of this machine's Docker would drop what the nodes send to each
 * other.
 */
function network(nodes: readonly SwarmNode[]): void {
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: "pipe" });
  ip("netns", "add", lan);
  ip("-n", lan, "link", "add", "lan", "type", "bridge");
  ip("-n", lan, "link", "set", "lan", "up");
  const join = (device: string, inside: readonly string[], address: string, port: string): void => {
    ip("link", "add", device, ...inside, "type", "veth", "peer", "name", port, "netns", lan);
    ip("-n", lan, "link", "set", port, "master", "lan", "up");
    const at = inside.length > 0 ? ["-n", inside[1] as string] : [];
    ip(...at, "addr", "add", `${address}/24`, "dev", device);
    ip(...at, "link", "set", device, "up");
  };
  join("ragdock-lan", [], machine, "port-0");
  for (const { namespace, address, name } of nodes) {
    ip("netns", "add", namespace);
    ip("-n", namespace, "link", "set", "lo", "up");
    join("eth0", ["netns", namespace], address, name);
    ip("-n", namespace, "route", "add", "default", "via", machine);
  }
}
