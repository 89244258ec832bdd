/**
 * Tests which containerd cAdvisor gets, with fake sockets instead of those of a host. It
 * does not prove that cAdvisor reads containers: no image of it was available.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { shown } from "../../../config/spec/content.ts";
import { serviceOf, systemWith } from "../../support/program.ts";

const cadvisor = serviceOf(systemWith({ system: "full", images: "registry" }), "cadvisor");
const own = "docker/containerd/containerd.sock";
const packaged = "containerd/containerd.sock";

let folder = "";
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ragdock-cadvisor-"));
  writeFileSync(join(folder, "cadvisor"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

async function listenAt(path: string): Promise<void> {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  const server = createServer();
  servers.push(server);
  await new Promise<void>((ready) => server.listen(join(folder, path), ready));
}

it.each([
  ["Docker's own, if Docker started one", [own, packaged], own],
  ["that of the distribution", [packaged], packaged],
  ["the usual address, if none runs", [], packaged],
])("cAdvisor asks %s", async (_, sockets, expected) => {
  for (const socket of sockets) await listenAt(socket);
  const [shell = "", path] = cadvisor.entrypoint ?? [];
  const file = cadvisor.files.find((one) => one.path === path);
  const script = join(folder, "start.sh");
  writeFileSync(script, shown(file?.content ?? "").replaceAll("/var/run", folder));
  const env = { PATH: `${folder}:${process.env.PATH}` };
  const { stdout } = spawnSync(shell, [script, ...(cadvisor.command ?? [])], { encoding: "utf8", env });
  expect(stdout.trim()).toBe(
    `-logtostderr --containerd=${join(folder, expected)} --docker_only=true --housekeeping_interval=15s`,
  );
});

it("cAdvisor has the folder of both sockets, and the host's files where it looks for them", () => {
  const targets = cadvisor.mounts.map(({ source, target }) => `${source} ${target}`);
  expect(targets).toEqual(["/ /rootfs", "/var/run /var/run", "/sys /sys"]);
});
