import { containersOf, docker } from "../../host/docker.ts";
import { atContainer } from "../../host/nodes.ts";
import { print } from "../command.ts";
import { backups } from "./manifest.ts";

const folder = "/etc/node-exporter/metrics";

/** The file has the name of the file without metrics. On a Swarm, that is mounted and cannot be replaced. */
const write = `cd ${folder}; printf '%s\\n' "$1" > new && { mv new backup.prom 2> /dev/null || mv new backups.prom; }`;

const prefix = "ragdock_backup_last";

/**
 * Writes the times of the last backup and the last drill, in seconds since 1970, where the stack's
 * Prometheus reads them. Does nothing without a running node-exporter.
 */
export async function reportBackups(stack: string): Promise<void> {
  const exporters = await containersOf(stack, "node-exporter");
  const all = backups(stack);
  const newest = all.findLast(({ manifest }) => !manifest.beforeRestore);
  const drills = all.flatMap(({ drill }) => (drill?.ok ? [drill.made] : []));
  const text = [
    ...metric(`${prefix}_success_timestamp_seconds`, "Time of the last backup.", newest?.manifest.made),
    ...metric(
      `${prefix}_drill_success_timestamp_seconds`,
      "Time of the last successful drill.",
      drills.sort().at(-1),
    ),
  ].join("\n");
  for (const exporter of exporters.filter(({ State }) => State.Status === "running"))
    await atContainer(exporter, ({ Id }) =>
      docker("exec", "--user", "0", Id, "sh", "-c", write, "sh", text),
    ).catch(unwritten);
}

/** A backup is valid even if its metric cannot be written. */
const unwritten = (error: { readonly stderr?: string }): void =>
  print(`The metrics of the backups could not be written: ${error.stderr?.trim() ?? error}`);

const metric = (name: string, help: string, made: string | undefined): string[] =>
  made === undefined
    ? []
    : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${Date.parse(made) / 1000}`];
