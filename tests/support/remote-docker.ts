import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { eventually } from "../../tools/eventually.ts";

const namespace = "ragdock-remote";
const [here, there] = ["10.213.77.1", "10.213.77.2"];

/** Returns a command that the test needs and that this machine does not have. */
export const missingForRemote = (): string | undefined => {
  if (process.getuid?.() !== 0) return "root";
  const commands = ["sshd", "dockerd", "ip", "nsenter", "ssh-keygen"];
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  return commands.find((command) => {
    try {
      execFileSync("sh", ["-c", `command -v ${command}`], { env: { PATH: path } });
      return false;
    } catch {
      return true;
    }
  });
};

/** A second machine: sshd and a second dockerd, in a separate network namespace. */
export class RemoteDocker {
  readonly url = `ssh://root@${there}`;
  readonly address = there;
  /** The folder in which `ssh` finds the key and the host's identity. */
  readonly variables: NodeJS.ProcessEnv;
  readonly #folder = mkdtempSync("/var/lib/ragdock-remote-");
  readonly #processes: ChildProcess[] = [];

  constructor() {
    this.variables = {
      PATH: `${join(this.#folder, "bin")}:${process.env.PATH}`,
      XDG_RUNTIME_DIR: this.#folder,
    };
  }

  async start(): Promise<void> {
    network();
    this.#identities();
    const docker = join(this.#folder, "docker");
    const socket = join(this.#folder, "docker.sock");
    this.#inside("dockerd", [
      ...[
        "--host",
        `unix://${socket}`,
        "--data-root",
        join(docker, "data"),
        "--exec-root",
        join(docker, "exec"),
      ],
      ...["--pidfile", join(docker, "pid"), "--bip", "10.213.78.1/24"],
      ...["--default-address-pool", "base=10.213.80.0/20,size=24"],
    ]);
    const sshd = join(this.#folder, "sshd_config");
    writeFileSync(
      sshd,
      [
        `ListenAddress ${there}`,
        `HostKey ${join(this.#folder, "host")}`,
        `AuthorizedKeysFile ${join(this.#folder, "key.pub")}`,
        `SetEnv DOCKER_HOST=unix://${socket}`,
        "PermitRootLogin prohibit-password",
        "StrictModes no",
        "PidFile none",
        "LogLevel VERBOSE",
        "",
      ].join("\n"),
    );
    mkdirSync("/run/sshd", { recursive: true });
    this.#inside("/usr/sbin/sshd", ["-D", "-E", this.#sshdLog, "-f", sshd]);
    await eventually(async () => this.docker("version") || undefined);
    await eventually(async () => this.ssh("true") === "" || undefined);
  }

  /** Runs the docker CLI of the remote machine. */
  docker(...args: string[]): string {
    const env = { ...process.env, DOCKER_HOST: `unix://${join(this.#folder, "docker.sock")}` };
    return execFileSync("docker", args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Copies images from this machine's Docker. */
  load(images: readonly string[]): void {
    const target = `unix://${join(this.#folder, "docker.sock")}`;
    execFileSync("sh", ["-c", `docker save "$@" | docker -H ${target} load`, "sh", ...images], {
      stdio: "pipe",
    });
  }

  /** Runs a command on the remote machine. */
  ssh(...command: string[]): string {
    const env = { ...process.env, ...this.variables };
    return execFileSync("ssh", ["-n", `root@${there}`, ...command], { env, encoding: "utf8", stdio: "pipe" });
  }

  /** Returns the number of logins, and the number of commands in these logins. */
  connections(): { readonly logins: number; readonly commands: number } {
    const log = readFileSync(this.#sshdLog, "utf8");
    const count = (pattern: RegExp): number => log.match(pattern)?.length ?? 0;
    return { logins: count(/Accepted publickey/g), commands: count(/Starting session: command/g) };
  }

  /** Starts a program in the remote machine's network. */
  listen(port: number): ChildProcess {
    const program = `require("net").createServer().listen(${port})`;
    return this.#inside(process.execPath, ["-e", program]);
  }

  async stop(): Promise<void> {
    // Ends the shared logins, which would stay open for a minute and keep the namespace alive.
    const sockets = join(this.#folder, `ragdock-ssh-${process.getuid?.()}`);
    const env = { ...process.env, ...this.variables };
    for (const name of existsSync(sockets) ? readdirSync(sockets) : [])
      execFileSync("ssh", ["-O", "exit", "-S", join(sockets, name), `root@${there}`], { env, stdio: "pipe" });
    for (const child of this.#processes.reverse()) {
      const ended = new Promise((done) => child.once("exit", done));
      if (child.exitCode === null && child.signalCode === null && child.kill()) await ended;
    }
    execFileSync("ip", ["link", "del", "ragdock-r0"]);
    execFileSync("ip", ["netns", "del", namespace]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #sshdLog(): string {
    return join(this.#folder, "sshd.log");
  }

  /** `ip netns exec` would hide the cgroups, which dockerd needs. */
  #inside(command: string, args: readonly string[]): ChildProcess {
    const words = [`--net=/run/netns/${namespace}`, command, ...args];
    const child = spawn("nsenter", words, { stdio: "ignore", detached: true });
    this.#processes.push(child);
    return child;
  }

  /**
   * Creates the keys of host and user, and an `ssh` that uses them. The user's own settings are not
   * changed.
   */
  #identities(): void {
    for (const name of ["host", "key"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(this.#folder, name)]);
    mkdirSync(join(this.#folder, "bin"));
    const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
    const words = ["-F", "none", "-i", join(this.#folder, "key"), ...options.flatMap((o) => ["-o", o])];
    const ssh = join(this.#folder, "bin", "ssh");
    writeFileSync(ssh, `#!/bin/sh\nexec /usr/bin/ssh ${words.join(" ")} "$@"\n`);
    chmodSync(ssh, 0o755);
  }
}

/** Connects the namespace with this machine. */
function network(): void {
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: "pipe" });
  ip("netns", "add", namespace);
  ip("link", "add", "ragdock-r0", "type", "veth", "peer", "name", "ragdock-r1", "netns", namespace);
  ip("addr", "add", `${here}/30`, "dev", "ragdock-r0");
  ip("link", "set", "ragdock-r0", "up");
  ip("-n", namespace, "addr", "add", `${there}/30`, "dev", "ragdock-r1");
  for (const device of ["lo", "ragdock-r1"]) ip("-n", namespace, "link", "set", device, "up");
}
