import { execa } from "execa";
import { type Cause, causeOf } from "./cause.ts";
import { type Container, docker, dockerEnvironment, isJob, logCommand, serviceOf } from "./docker.ts";
import type { Finding } from "./finding.ts";

/** Lines shown from the log of an unhealthy container. */
const logLines = 15;

/** The number of lines of the log in which the cause is searched. */
const searchedLines = 200;

/**
 * Describes a container: the cause and the fix if they are known, the last health check, the exit
 * code, whether memory ran out, and the end of its log.
 */
export async function describe(stack: string, container: Container): Promise<Finding> {
  const { State, Name, HostConfig, RestartCount } = container;
  const service = serviceOf(container);
  const log = (await logEnd(container)).trimEnd();
  const cause = causeIn(container, log);
  const evidence = cause?.fix ? [`Fix: ${cause.fix}`] : [];
  if (State.Status === "exited") evidence.push(`Exit code ${State.ExitCode}${exitWords(container)}.`);
  if (RestartCount > 0)
    evidence.push(
      `${container.Node === undefined ? "Docker" : "Swarm"} restarted it ${RestartCount === 1 ? "once" : `${RestartCount} times`}.`,
    );
  if (State.OOMKilled || (await ranOutOfMemory(container.Id))) {
    const limit = Math.round(HostConfig.Memory / 2 ** 20);
    evidence.push(
      `It ran out of memory: its limit is ${limit} MiB. Raise ragdock:services.${service}.limits.memory.`,
    );
  }
  if (State.Error) evidence.push(`Docker says: ${State.Error}`);
  const check = State.Health?.Log?.at(-1);
  if (check && State.Status === "running")
    evidence.push(`Last health check: exit code ${check.ExitCode}, output: ${check.Output.trim() || "none"}`);
  const end = log.split("\n").slice(-logLines).join("\n");
  evidence.push(...(end ? ["End of its log:", ...indented(end)] : ["Its log is empty."]));
  return {
    service,
    problem: `${service} (${Name.slice(1)}) ${stateWords(container)}${cause ? `: ${cause.text}` : "."}`,
    evidence,
    next: nextFor(stack, container),
  };
}

/**
 * The cause in the output of a container. Errors about memory, and Docker's own errors, are
 * reported in other lines.
 */
function causeIn(container: Container, log: string): Cause | undefined {
  const { State, RestartCount } = container;
  // With exit code 0 or 143, a command stopped the container, so this is not a crash.
  const isStopped = State.Status === "exited" && [0, 143].includes(State.ExitCode);
  if (State.Status === "created" || State.Error || State.OOMKilled || isStopped) return undefined;
  const hasCrashed = State.Status !== "running" || RestartCount > 0;
  const check = hasCrashed ? undefined : State.Health?.Log?.at(-1);
  const failed = check && check.ExitCode !== 0 ? { check: check.Output } : {};
  return causeOf({ service: serviceOf(container), log, hasCrashed, ...failed });
}

function stateWords(container: Container): string {
  const { Status, Health } = container.State;
  if (Status === "exited") return isJob(container) ? "has failed" : "is stopped";
  if (Status === "created") return "was never started";
  return `is ${Status === "running" ? (Health?.Status ?? Status) : Status}`;
}

const indented = (text: string): string[] => text.split("\n").map((line) => `  ${line}`);

function nextFor(stack: string, container: Container): string {
  const { Status } = container.State;
  if (Status === "paused") return `docker unpause ${container.Name.slice(1)}`;
  if (Status === "running" || Status === "restarting")
    return `make logs SERVICE=${serviceOf(container)} STACK=${stack}`;
  return `make up STACK=${stack}`;
}

/**
 * Whether the container ran out of memory in the last ten minutes. After a restart, the container's
 * state does not show it.
 */
async function ranOutOfMemory(id: string): Promise<boolean> {
  const filters = ["--filter", `container=${id}`, "--filter", "event=oom"];
  return (await docker("events", "--since", "10m", "--until", "0s", ...filters)).trim() !== "";
}

/** Both streams: `docker logs` prints a container's standard error to its own standard error. */
async function logEnd(container: Container): Promise<string> {
  const args = [...logCommand(container), "--tail", String(searchedLines), container.Id];
  const options = { reject: false, all: true, stripFinalNewline: false, env: dockerEnvironment() } as const;
  return (await execa("docker", args, options)).all;
}

const exitCodes: Readonly<Record<number, string>> = {
  127: ", its command does not exist in the image",
  137: ", killed",
  139: ", crashed (segmentation fault)",
  143: ", stopped by a signal",
};

const exitWords = ({ State: { ExitCode, OOMKilled } }: Container): string =>
  `${exitCodes[ExitCode] ?? ""}${ExitCode === 137 && OOMKilled ? " because it ran out of memory" : ""}`;
