import { isLongRunning, type SystemSpec } from "../../config/spec/service.ts";
import { type Container, containersOf, docker, isJob, isWell, serviceOf } from "../../host/docker.ts";
import { elapsed, table } from "./text.ts";

/**
 * A table of a stack's services, and whether all of them are healthy.
 * @param withMemory adds the memory that each uses. Docker needs two seconds to measure it
 */
export async function statusTable(
  stack: string,
  system: SystemSpec,
  withMemory: boolean,
): Promise<{ text: string; well: boolean }> {
  const containers = await containersOf(stack);
  const memory = withMemory ? await memoryOf(containers) : undefined;
  const memoryCell = (text: string): string[] => (memory ? [text] : []);
  const rows = system.services.flatMap((service) => {
    const own = containers.filter((c) => serviceOf(c) === service.name);
    const url = isLongRunning(service) ? (system.urls[service.name] ?? "") : "";
    if (own.length === 0) return [[service.name, "not created", "", ...memoryCell(""), url]];
    return own.map((c, index) => [
      own.length > 1 ? `${service.name} ${index + 1}` : service.name,
      health(c),
      age(c),
      ...memoryCell(memory?.get(c.Id.slice(0, 12)) ?? ""),
      url,
    ]);
  });
  const header = ["SERVICE", "HEALTH", "FOR", ...memoryCell("MEMORY"), "URL"];
  const notes = Object.entries(system.unavailable).map(([name, why]) => `\n${name} is not available: ${why}`);
  const present = system.services.every((s) => containers.some((c) => serviceOf(c) === s.name));
  return {
    text: [table(header, rows), ...notes].join("\n"),
    well: present && containers.every(isWell),
  };
}

function health(container: Container): string {
  const { State, RestartCount } = container;
  if (isJob(container)) {
    if (State.Status !== "exited") return State.Status;
    return State.ExitCode === 0 ? "done" : `failed (exit code ${State.ExitCode})`;
  }
  if (State.Status !== "running")
    return `${State.Status} (exit code ${State.ExitCode}${State.OOMKilled ? ", out of memory" : ""})`;
  const restarts = RestartCount > 0 ? `, ${RestartCount} restarts` : "";
  return `${State.Health?.Status ?? "running"}${restarts}`;
}

const age = ({ State }: Container): string =>
  State.Status === "running" ? elapsed((Date.now() - Date.parse(State.StartedAt)) / 1000) : "";

async function memoryOf(containers: readonly Container[]): Promise<Map<string, string>> {
  const running = containers.filter((c) => c.State.Status === "running").map((c) => c.Id);
  if (running.length === 0) return new Map();
  const text = await docker("stats", "--no-stream", "--format", "{{.ID}}\t{{.MemUsage}}", ...running);
  const lines = text.split("\n").filter(Boolean);
  return new Map(lines.map((line) => line.split("\t") as [string, string]));
}
