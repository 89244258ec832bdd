import { containersOf, docker } from "../../host/docker.ts";
import { print } from "../command.ts";
import { backups } from "./manifest.ts";

const file = "/etc/node-exporter/metrics/backup.prom";

const prefix = "ragdock_backup_last";

/**
 * Writes the times of the last backup and the last drill, in seconds since 1970, where the stack's
 * Prometheus reads them. Does nothing without a running node-exporter.
 */
export async function reportBackups(stack: string): Promise<void> {
  const [exporter] = await containersOf(stack, "node-exporter");
  if (exporter?.State.Status !== "running") return;
  const all = backups(stack);
  const drills = all.flatMap(({ drill }) => (drill?.ok ? [drill.made] : []));
  const text = [
    ...metric(`${prefix}_success_timestamp_seconds`, "Time of the last backup.", all.at(-1)?.manifest.made),
    ...metric(
      `${prefix}_drill_success_timestamp_seconds`,
      "Time of the last successful drill.",
      drills.sort().at(-1),
    ),
  ].join("\n");
  const write = `printf '%s\\n' "$1" > ${file}.new && mv ${file}.new ${file}`;
  const command = ["exec", "--user", "0", exporter.Id, "sh", "-c", write, "sh", text];
  // A backup is valid even if its metric cannot be written.
  await docker(...command).catch((error: unknown) =>
    print(
      `The metrics of the backups could not be written: ${(error as { stderr?: string }).stderr?.trim() ?? error}`,
    ),
  );
}

const metric = (name: string, help: string, made: string | undefined): string[] =>
  made === undefined
    ? []
    : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${Date.parse(made) / 1000}`];
