import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { basename } from "node:path";
import { promisify } from "node:util";
import { Failure } from "../../config/spec/failure.ts";
import { forStack, setCommand } from "../../config/spec/problem.ts";
import { listenAddress, publishedPorts, type SystemSpec } from "../../config/spec/service.ts";
import { type Container, docker, serviceOf } from "../../host/docker.ts";
import { stackFile } from "../stack-file.ts";

const run = promisify(execFile);

/**
 * Refuses ports that another program holds. Names the program and the setting that moves ours.
 * @param containers the stack's own
 */
export async function requirePorts(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<void> {
  const ours = new Set(
    containers.flatMap((c) =>
      Object.values(c.HostConfig.PortBindings ?? {}).flatMap((bindings) =>
        bindings.map((b) => `${serviceOf(c)}:${b.HostPort}`),
      ),
    ),
  );
  const wanted = system.services.flatMap((s) =>
    publishedPorts(s)
      .filter(({ host }) => !ours.has(`${s.name}:${host}`))
      .map((port) => ({ ...port, owner: port.owner ?? s.name })),
  );
  const lines: string[] = [];
  for (const port of wanted) {
    const { host, owner } = port;
    if (await isFree(host, listenAddress(port))) continue;
    const move = forStack(setCommand(`services.${owner}.port`, String(host + 1)), stack);
    lines.push(
      `  port ${host} of ${owner} is taken by ${await holder(host)}`,
      `      Move ours: ${move}   (or in ${basename(stackFile(stack))})`,
    );
  }
  if (lines.length === 0) return;
  throw new Failure(
    `Ports are taken, and nothing was changed:\n${lines.join("\n")}`,
    "Or stop the program that holds the port.",
  );
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"))
      .once("listening", () => server.close(() => resolve(true)))
      .listen(port, host);
  });
}

async function holder(port: number): Promise<string> {
  const container = (await docker("ps", "--filter", `publish=${port}`, "--format", "{{.Names}}")).trim();
  if (container) return `the container ${container.split("\n")[0]}`;
  const { stdout } = await run("ss", ["-ltnpH", `sport = :${port}`]).catch(() => ({ stdout: "" }));
  const process = /users:\(\("([^"]+)",pid=(\d+)/.exec(stdout);
  return process ? `${process[1]} (process ${process[2]})` : "another program";
}
