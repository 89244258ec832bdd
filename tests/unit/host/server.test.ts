/** Tests the advice if Docker is missing, stopped, not permitted or unsuitable. */
import { describe, expect, it } from "vitest";
import { dockerAdvice, type Machine, systemOf } from "../../../host/docker-advice.ts";
import { unsupported } from "../../../host/server.ts";

const machine: Machine = {
  system: "debian",
  user: "ada",
  isRoot: false,
  rootlessSocket: "/run/user/1000/docker.sock",
};
const local = { host: "unix:///var/run/docker.sock", source: "the default socket" };
const stopped =
  "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
const denied = "permission denied while trying to connect to the Docker daemon socket";

describe("advice", () => {
  it.each([
    ["missing on Debian", "spawn docker ENOENT", local, {}, "sudo apt-get install docker.io"],
    ["missing on Ubuntu", "spawn docker ENOENT", local, { system: "ubuntu" }, "apt-get install docker.io"],
    ["missing on Fedora", "spawn docker ENOENT", local, { system: "fedora" }, "sudo dnf install moby-engine"],
    ["missing on macOS", "spawn docker ENOENT", local, { system: "macos" }, "Docker Desktop"],
    ["missing on WSL2", "spawn docker ENOENT", local, { system: "wsl" }, "WSL integration"],
    [
      "missing elsewhere",
      "spawn docker ENOENT",
      local,
      { system: "linux" },
      "docs.docker.com/engine/install",
    ],
    ["stopped on Debian", stopped, local, {}, "Start it: sudo systemctl start docker"],
    ["stopped for root", stopped, local, { isRoot: true }, "Start it: systemctl start docker"],
    ["stopped on macOS", stopped, local, { system: "macos" }, "open -a Docker"],
    ["stopped on WSL2", stopped, local, { system: "wsl" }, "Start Docker Desktop on Windows"],
    ["not permitted", denied, local, {}, "sudo usermod -aG docker ada"],
  ] as const)("%s", (_, why, endpoint, over, advice) => {
    expect(dockerAdvice(why, endpoint, { ...machine, ...over })).toContain(advice);
  });

  it.each([
    ["unix:///run/user/1000/docker.sock", 'the context "rootless"', "systemctl --user start docker"],
    ["unix:///Users/ada/.colima/default/docker.sock", 'the context "colima"', "colima start"],
    ["ssh://deploy@rag.example.com", "docker:host", "ssh ssh://deploy@rag.example.com docker version"],
    ["tcp://rag.example.com:2376", "DOCKER_HOST", "unset DOCKER_HOST"],
  ])("%s", (host, source, advice) => {
    expect(dockerAdvice(stopped, { host, source }, machine)).toContain(advice);
  });
});

it.each([
  ["darwin", "", "", "macos"],
  ["linux", "Linux version 5.15.167.4-microsoft-standard-WSL2", "ID=ubuntu", "wsl"],
  ["linux", "Linux version 6.1", 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"', "ubuntu"],
  ["linux", "Linux version 6.1", "VERSION_ID=12\nID=debian", "debian"],
  ["linux", "Linux version 6.1", 'ID="rocky"\nID_LIKE="rhel centos fedora"', "fedora"],
  ["linux", "Linux version 6.1", "ID=alpine", "linux"],
])("recognises %s %s %s", (os, kernel, release, system) => {
  expect(systemOf(os, kernel, release)).toBe(system);
});

it("accepts only Docker with Linux containers", () => {
  const engine = [{ Name: "Engine", Version: "29.0.0" }];
  expect(unsupported({ Os: "linux", Components: engine })).toBeUndefined();
  expect(unsupported({ Os: "windows", Components: engine })).toContain("windows containers");
  const podman = [{ Name: "Podman Engine", Version: "5.4.0" }];
  expect(unsupported({ Os: "linux", Components: podman })).toContain("Podman 5.4.0");
});
