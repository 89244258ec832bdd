import { Failure } from "../config/spec/failure.ts";
import { forStack, setCommand } from "../config/spec/problem.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { containersOf } from "../host/docker.ts";
import { type WrittenFiles, writtenFiles } from "../host/written-files.ts";
import { print } from "./command.ts";
import type { Session } from "./session.ts";
import { ownSettings } from "./stack-file.ts";

/**
 * Refuses a deployment that would lose files which applications have written outside of their
 * volumes. In dev, the user may confirm it.
 * @param confirmed whether the user accepts the loss
 */
export async function requireNoLoss(
  system: SystemSpec,
  { stack, deployer }: Session,
  confirmed: boolean,
): Promise<void> {
  const mayLose = confirmed && system.environment !== "prod";
  const written = mayLose ? [] : await writtenFiles(system, await containersOf(stack));
  if (written.length === 0) return;
  const { ok, steps } = await deployer.preview();
  const lost = new Set(steps.filter(({ op }) => op === "replace" || op === "delete").map(({ name }) => name));
  const affected = written.filter(({ resource }) => lost.has(resource));
  // The deployment reports the error of a preview that fails.
  if (!ok || affected.length === 0) return;
  throw new Failure(
    `Files would be lost, and nothing was changed. Applications have written them outside of their volumes:\n${linesOf(affected)}`,
    adviceFor(affected, stack, system.environment),
  );
}

/** Says which files of applications the next replacement would lose. */
export async function reportWritten(stack: string, system: SystemSpec): Promise<void> {
  const written = await writtenFiles(system, await containersOf(stack));
  if (written.length === 0) return;
  print(
    `\nApplications have written files outside of their volumes. The next change of such an application loses them:\n${linesOf(written)}\n` +
      keepAdvice(written, stack),
  );
}

const settingOf = (service: string, stack: string): string =>
  ownSettings(stack).app !== undefined ? "app" : `apps.${service}`;

const linesOf = (written: readonly WrittenFiles[]): string =>
  written
    .flatMap(({ service, folders }) =>
      folders.map(({ path, example }) => `  ${service}: ${path}, such as ${example}`),
    )
    .join("\n");

/** The settings that keep the files. Only the long form of an application has volumes. */
function keepAdvice(written: readonly WrittenFiles[], stack: string): string {
  if (ownSettings(stack).app !== undefined)
    return "Name the application in ragdock:apps, which has volumes: docs/guide/own-application.md#volumes.";
  const lines = written.flatMap(({ service, folders }) =>
    folders.map(({ path }) => {
      const name =
        path
          .split("/")
          .at(-1)
          ?.toLowerCase()
          .replaceAll(/[^a-z0-9-]/g, "") || "files";
      return `  ragdock:apps.${service}.volumes: [{ name: ${service}-${name}, path: ${path} }]`;
    }),
  );
  return `Keep them in a volume. It hides what the image has in its folder, so choose one without code:\n${lines.join("\n")}`;
}

function adviceFor(written: readonly WrittenFiles[], stack: string, environment: string): string {
  const services = [...new Set(written.map(({ service }) => service))];
  const give = services.map((service) =>
    forStack(setCommand(`${settingOf(service, stack)}.ephemeral`, "true"), stack),
  );
  const copy = `Copy them first: docker cp <container>:<folder> .`;
  const lose =
    environment === "prod"
      ? `If they may be lost: ${give.join(" && ")}`
      : `If they may be lost this time: make up STACK=${stack} CONFIRM=${stack}. Each time: ${give.join(" && ")}`;
  return `${keepAdvice(written, stack)}\n${copy}\n${lose}`;
}
