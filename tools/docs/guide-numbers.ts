import { readFileSync } from "node:fs";
import { join } from "node:path";
import { elapsed } from "../../cli/ui/text.ts";
import { isLongRunning, type SystemSpec } from "../../config/spec/service.ts";
import { mebibytes } from "../../config/spec/units.ts";
import { projectDir } from "../../host/paths.ts";
import { type Parts, table } from "../markdown.ts";
import type { Findings } from "../reliability/findings.ts";
import { specOf, systemNames } from "./specs.ts";

/** Returns the memory that each system requires, and the rates at which a stack answered. */
export const scalingNumbers = (findings: Findings): Parts => ({
  memory: table(
    ["system", "sum of the memory limits in dev", "in prod", "containers in dev", "in prod"],
    systemNames.map((name) => {
      const [dev, prod] = [specOf(name, "dev"), specOf(name, "prod")];
      return [`\`${name}\``, limits(dev), limits(prod), String(containers(dev)), String(containers(prod))];
    }),
    "---:",
  ),
  overload: table(
    ["stack", "requests", "answered", "machine", "measured"],
    Object.entries(findings).flatMap(([name, { overloads }]) =>
      (overloads?.seen ?? []).map((one) => [
        `\`${name}\``,
        one.name,
        `${one.sustainable.toFixed(1)} a second`,
        overloads?.machine ?? "",
        overloads?.date ?? "",
      ]),
    ),
  ),
});

/** Returns the costs of a start and of a change. */
export const whereToRunNumbers = (findings: Findings): Parts => {
  const changes = Object.values(findings).flatMap(({ changes }) => Object.values(changes?.seen ?? {}).flat());
  const sent = changes.reduce((sum, one) => sum + one.sent, 0);
  const failed = changes.flatMap((one) => Object.values(one.failures)).reduce((sum, n) => sum + n, 0);
  const fresh = freshMachine();
  return {
    numbers: table(
      ["measured", "number"],
      [
        [`a fresh machine to a healthy stack, with all downloads (${fresh.machine})`, elapsed(fresh.seconds)],
        ["requests during changes of a running stack", String(sent)],
        ["of these, failed", String(failed)],
        ["longest time without an answer", `${Math.max(...changes.map(({ gap }) => gap)).toFixed(1)} s`],
        ["slowest `make up` of such a change", elapsed(Math.max(...changes.map((one) => one.seconds)))],
      ],
      "---:",
    ),
  };
};

const freshMachine = (): { machine: string; seconds: number } =>
  JSON.parse(readFileSync(join(projectDir, "docs/measurements/performance.fresh.json"), "utf8"));

const running = ({ services }: SystemSpec) => services.filter(isLongRunning);

const containers = (spec: SystemSpec): number => running(spec).reduce((sum, s) => sum + s.replicas, 0);

function limits(spec: SystemSpec): string {
  const sum = running(spec).reduce((all, s) => all + mebibytes(s.limits.memory) * s.replicas, 0);
  return `${(sum / 1024).toFixed(1)} GiB`;
}
