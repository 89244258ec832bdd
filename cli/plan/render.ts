import type { ContainerStep, Plan } from "./compare.ts";

/** The exit codes of `ragdock plan`: the worst of all stacks counts. */
export const exitCodes = { nothing: 0, wrong: 1, gap: 3, data: 4 } as const;

/** The exit code of a plan. */
export function exitCode({ problems, data, steps }: Plan): number {
  if (problems.length > 0) return exitCodes.wrong;
  if (data.length > 0) return exitCodes.data;
  return steps.some(({ gap, watches }) => gap && !watches) ? exitCodes.gap : exitCodes.nothing;
}

const isQuiet = (plan: Plan): boolean =>
  [plan.steps, plan.others, plan.data, plan.ports, plan.alerts, plan.problems].every(
    (list) => list.length === 0,
  );

/** Returns a text about the change of a service. */
function effect({ op, gap, isJob, stays, watches }: ContainerStep): string {
  if (stays && op === "create") return "replica added";
  if (stays && op === "delete") return "replica removed";
  if (isJob) return op === "delete" ? "job removed" : op === "update" ? "job updated" : "job runs";
  if (op === "create") return "added";
  if (op === "delete") return "removed";
  if (op === "update") return "updated in place";
  if (watches) return "replaced (monitoring)";
  return gap ? "replaced with a gap: the old container stops first" : "replaced without a gap";
}

/** Returns the summary of a plan in one line. */
export function summary(plan: Plan): string {
  if (plan.problems.length > 0)
    return `${plan.problems.length} settings are wrong, so this change would be refused`;
  if (isQuiet(plan)) return "nothing changes";
  const byEffect = Map.groupBy(plan.steps, effect);
  // Lists effects on users first.
  const entries = [...byEffect].sort(
    ([a], [b]) => Number(b.includes("with a gap")) - Number(a.includes("with a gap")),
  );
  const counted = entries.map(([what, { length }]) => {
    const [short = ""] = what.split(":");
    return `${length} ${length === 1 ? short : short.replace(/^(replica|job)/, "$1s").replace(/runs$/, "run")}`;
  });
  const data = plan.data.length > 0 ? ["touches data"] : [];
  const rest = counted.length + data.length === 0 ? ["no container changes"] : [];
  return [...data, ...counted, ...rest].join(", ");
}

/** The plans as text for a terminal. */
export const asText = (plans: readonly Plan[]): string =>
  plans.map((plan) => sections(plan, { bold: (text) => text, code: indented }).join("\n")).join("\n\n");

/** The plans as Markdown for a comment: all summaries first, then the details. */
export const asMarkdown = (plans: readonly Plan[]): string =>
  [
    "## Plan",
    "",
    ...plans.map((plan) => `- ${sign(plan)} **${plan.stack}** (${plan.system}): ${summary(plan)}`),
    ...plans.filter((plan) => !isQuiet(plan)).flatMap(details),
  ].join("\n");

const signs: Readonly<Record<number, string>> = {
  [exitCodes.nothing]: "🟢",
  [exitCodes.gap]: "🟡",
  [exitCodes.data]: "🔴",
  [exitCodes.wrong]: "⛔",
};

const sign = (plan: Plan): string => signs[exitCode(plan)] ?? "";

function details(plan: Plan): string[] {
  const [, ...rest] = sections(plan, {
    bold: (text) => `**${text}**`,
    code: (text) => `\n\`\`\`diff\n${text.trimEnd()}\n\`\`\`\n`,
  });
  return ["", `<details><summary>${plan.stack}: details</summary>`, ...rest, "", "</details>"];
}

interface Style {
  readonly bold: (text: string) => string;
  readonly code: (text: string) => string;
}

const indented = (text: string): string => text.trimEnd().replace(/^/gm, "      ");

function sections(plan: Plan, style: Style): string[] {
  const limits = [
    { unit: "MiB", values: plan.memory },
    { unit: "CPUs", values: plan.cpus },
  ].flatMap(({ unit, values: [before, after] }) =>
    before === after ? [] : [`${before} → ${after} ${unit}`],
  );
  return [
    `${plan.stack} (${plan.system}): ${summary(plan)}`,
    ...section("Wrong settings", plan.problems, style),
    ...section("Policies", plan.policies, style),
    ...section("Data", plan.data, style),
    ...section(
      "Services",
      plan.steps.flatMap((step) => service(step, style)),
      style,
    ),
    ...section("Builds", plan.builds, style),
    ...section("Ports", plan.ports, style),
    ...section("Limits in all", limits, style),
    ...section("Images, networks, volumes, secrets", plan.others.map(other), style),
    ...section("Alerts", plan.alerts, style),
  ];
}

const section = (title: string, lines: readonly string[], { bold }: Style): string[] =>
  lines.length === 0
    ? []
    : ["", bold(title), "", ...lines.map((line) => (/^\s/.test(line) ? line : `- ${line}`))];

function service(step: ContainerStep, { code }: Style): string[] {
  const why = step.changes.length > 0 ? ` (${step.changes.join(", ")})` : "";
  return [
    `${step.name}: ${effect(step)}${why}`,
    ...step.details.map((line) => `  - ${line}`),
    ...step.files.map(shortened).map(code),
  ];
}

/**
 * For longer diffs, such as those of dashboards, only the number of lines is shown. The JSON
 * contains them completely.
 */
const longestDiff = 30;

function shortened(diff: string): string {
  const lines = diff.trimEnd().split("\n");
  if (lines.length <= longestDiff) return diff;
  const count = (sign: string): number => lines.slice(2).filter((line) => line.startsWith(sign)).length;
  return `${lines.slice(0, 2).join("\n")}\n@@ ${count("+")} lines added, ${count("-")} removed @@`;
}

const words: Readonly<Record<string, string>> = {
  create: "added",
  delete: "removed",
  replace: "changed",
  retain: "no longer used, kept on the host",
};

const other = ({ kind, name, op, to }: Plan["others"][number]): string =>
  `${kind} ${name}: ${words[op] ?? op}${to && op !== "delete" ? `, ${to}` : ""}`;
