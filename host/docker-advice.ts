import { readFileSync } from "node:fs";
import { platform, userInfo } from "node:os";
import type { Endpoint } from "./endpoint.ts";

/** The facts that decide the advice. */
export interface Machine {
  readonly system: "macos" | "wsl" | "debian" | "ubuntu" | "fedora" | "linux";
  readonly user: string;
  readonly isRoot: boolean;
  /** Path of the socket of rootless Docker of this user. */
  readonly rootlessSocket: string;
}

/** Returns the facts about this machine. */
export function readMachine(env: NodeJS.ProcessEnv): Machine {
  const { username, uid } = userInfo();
  return {
    system: systemOf(platform(), text("/proc/version"), text("/etc/os-release")),
    user: username,
    isRoot: uid === 0,
    rootlessSocket: `${env.XDG_RUNTIME_DIR || `/run/user/${uid}`}/docker.sock`,
  };
}

const text = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

/**
 * Returns the operating system for the advice.
 * @param kernel text of /proc/version
 * @param release text of /etc/os-release
 */
export function systemOf(os: string, kernel: string, release: string): Machine["system"] {
  if (os === "darwin") return "macos";
  if (/microsoft/i.test(kernel)) return "wsl";
  const ids = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].flatMap(([, value = ""]) =>
    value.split(" "),
  );
  return (["ubuntu", "debian", "fedora"] as const).find((id) => ids.includes(id)) ?? "linux";
}

/**
 * Returns the commands that make Docker answer.
 * @param why the error of the docker CLI
 */
export function dockerAdvice(why: string, endpoint: Endpoint, machine: Machine): string {
  if (/ENOENT/.test(why)) return `The docker command is not installed. ${install[machine.system]}`;
  if (!endpoint.host.startsWith("unix://")) return remote(endpoint);
  if (/permission denied/i.test(why)) return permission(machine);
  return start(endpoint, machine);
}

const install: Readonly<Record<Machine["system"], string>> = {
  macos:
    "Install Docker Desktop (https://docs.docker.com/desktop/setup/install/mac-install/), or: brew install colima docker",
  wsl: "Install Docker Desktop on Windows, and switch on its WSL integration for this distribution: Settings > Resources > WSL integration.",
  debian: "Install it: sudo apt-get install docker.io. From Debian 13 on, also install docker-cli.",
  ubuntu: "Install it: sudo apt-get install docker.io",
  fedora: "Install it: sudo dnf install moby-engine docker-cli && sudo systemctl enable --now docker",
  linux: "Install it: https://docs.docker.com/engine/install/",
};

function remote({ host, source }: Endpoint): string {
  const isSsh = host.startsWith("ssh://");
  const check = isSsh
    ? `Check the login and Docker on that host: ssh ${host} docker version`
    : "Start Docker on that host. Check its address, its firewall and the certificates.";
  const here = source === "DOCKER_HOST" ? "\nTo use Docker on this machine: unset DOCKER_HOST" : "";
  return check + here;
}

const permission = ({ user, rootlessSocket }: Machine): string =>
  `This user is not allowed to use Docker. Add it to the group docker, and log in again: sudo usermod -aG docker ${user}\n` +
  `With rootless Docker: export DOCKER_HOST=unix://${rootlessSocket}`;

function start({ host, source }: Endpoint, { system, isRoot, rootlessSocket }: Machine): string {
  if (/colima/.test(host)) return "Start it: colima start";
  if (host === `unix://${rootlessSocket}` || /^unix:\/\/\/run\/user\//.test(host))
    return "Start it: systemctl --user start docker";
  const another = source.startsWith("the context")
    ? "\nTo use another Docker host: docker context ls, then docker context use <name>."
    : "";
  if (system === "macos") return `Start it: open -a Docker${another}`;
  if (system === "wsl")
    return `Start Docker Desktop on Windows, and switch on its WSL integration for this distribution.${another}`;
  return `Start it: ${isRoot ? "" : "sudo "}systemctl start docker. Without systemd, run dockerd as root.${another}`;
}
