import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildLogs } from "../../config/images.ts";
import { type Container, containersOf, docker, isWell, serviceOf } from "../../host/docker.ts";
import { projectDir } from "../../host/paths.ts";

/** Lines of a log that are shown of each container in trouble. */
const logLines = 15;

/** The end of the log of every image build that failed since `begun` (milliseconds since 1970). */
export function failedBuilds(begun: number): string[] {
  const folder = join(projectDir, buildLogs);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).mtimeMs >= begun)
    .map((file) => ({ file, lines: readFileSync(file, "utf8").trimEnd().split("\n") }))
    .filter(({ lines }) => lines.slice(-40).some((line) => /^ERROR|^#\d+ ERROR/.test(line)))
    .map(
      ({ file, lines }) =>
        `The end of the build's log (whole: ${file}):\n    ${lines.slice(-20).join("\n    ")}`,
    );
}

/** Says of every container in trouble what is known: last probe, exit code, out of memory or not, end of its log. */
export async function diagnose(stack: string): Promise<string[]> {
  const containers = await containersOf(stack);
  const troubled = containers.filter((c) => !isWell(c));
  return Promise.all(troubled.map(describe));
}

/** What is known of one container. */
export async function describe(container: Container): Promise<string> {
  const { State, Name, HostConfig } = container;
  const lines = [`${serviceOf(container)} (${Name.slice(1)}) is ${State.Health?.Status ?? State.Status}.`];
  if (State.Status !== "running") lines.push(`  Exit code ${State.ExitCode}${exitWords(container)}.`);
  if (State.OOMKilled || (await ranOutOfMemory(container.Id))) {
    const limit = Math.round(HostConfig.Memory / 2 ** 20);
    lines.push(
      `  It ran out of its ${limit} MiB: raise ragdock:services.${serviceOf(container)}.limits.memory.`,
    );
  }
  if (State.Error) lines.push(`  The engine says: ${State.Error}`);
  const probe = State.Health?.Log?.at(-1);
  if (probe)
    lines.push(`  Last probe: exit code ${probe.ExitCode}, said: ${probe.Output.trim() || "nothing"}`);
  const end = (await logEnd(container.Id)).trimEnd();
  lines.push(end ? `  End of its log:\n${end.replace(/^/gm, "    ")}` : "  Its log is empty.");
  return lines.join("\n");
}

/** Whether the kernel ended it lately: a container that was started again has forgotten that itself. */
async function ranOutOfMemory(id: string): Promise<boolean> {
  const filters = ["--filter", `container=${id}`, "--filter", "event=oom"];
  return (await docker("events", "--since", "10m", "--until", "0s", ...filters)).trim() !== "";
}

/** Both streams: `docker logs` prints a container's standard error to its own. */
function logEnd(id: string): Promise<string> {
  return new Promise((resolve) => {
    execFile("docker", ["logs", "--tail", String(logLines), id], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

function exitWords({ State }: Container): string {
  if (State.ExitCode === 137) return State.OOMKilled ? ", killed for want of memory" : ", killed";
  if (State.ExitCode === 139) return ", crashed (segmentation fault)";
  if (State.ExitCode === 143) return ", ended on request";
  if (State.ExitCode === 127) return ", its command does not exist in the image";
  return "";
}
