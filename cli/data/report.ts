import { containersOf, docker } from "../../host/docker.ts";
import { print } from "../command.ts";
import { backups } from "./manifest.ts";

/** Where node-exporter looks for metrics that others write; config/services/monitoring.ts makes it. */
const file = "/etc/node-exporter/metrics/backup.prom";

const prefix = "ragdock_backup_last";

/**
 * Tells the stack's Prometheus when the last backup was made and when one was last restored on trial, in seconds since 1970.
 * Without a node-exporter, or with one that does not run, nobody is told.
 */
export async function reportBackups(stack: string): Promise<void> {
  const [exporter] = await containersOf(stack, "node-exporter");
  if (exporter?.State.Status !== "running") return;
  const all = backups(stack);
  const drills = all.flatMap(({ drill }) => (drill?.ok ? [drill.made] : []));
  const text = [
    ...metric(
      `${prefix}_success_timestamp_seconds`,
      "When the last backup was made.",
      all.at(-1)?.manifest.made,
    ),
    ...metric(
      `${prefix}_drill_success_timestamp_seconds`,
      "When a backup was last restored on trial.",
      drills.sort().at(-1),
    ),
  ].join("\n");
  const write = `printf '%s\\n' "$1" > ${file}.new && mv ${file}.new ${file}`;
  const command = ["exec", "--user", "0", exporter.Id, "sh", "-c", write, "sh", text];
  // What was done is done, whether or not anybody can be told of it.
  await docker(...command).catch((error: unknown) =>
    print(
      `Prometheus was not told of the backups: ${(error as { stderr?: string }).stderr?.trim() ?? error}`,
    ),
  );
}

const metric = (name: string, help: string, made: string | undefined): string[] =>
  made === undefined
    ? []
    : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${Date.parse(made) / 1000}`];
