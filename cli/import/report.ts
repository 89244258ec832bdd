import { basename, relative } from "node:path";
import type { Classified, ClassifiedService, Line } from "./classify.ts";
import type { ServiceKind } from "./kinds.ts";
import type { ComposeProject } from "./read.ts";
import type { Outcome } from "./verdict.ts";

/** The order of the lines of a service, and their titles. */
const titles: Readonly<Record<Outcome, string>> = {
  improved: "Improved",
  unsupported: "Not supported",
  taken: "Taken",
};
const outcomes = Object.keys(titles) as readonly Outcome[];

interface Style {
  readonly title: (text: string) => string;
  readonly service: (text: string) => string;
  readonly outcome: (text: string) => string;
  readonly item: (place: string, key: string, text: string) => string;
  readonly note: (text: string) => string;
}

const text: Style = {
  title: (title) => title,
  service: (name) => `\n${name}`,
  outcome: (title) => `  ${title}`,
  item: (place, key, what) => `    ${key} (${place}): ${what}`,
  note: (note) => `  ${note}`,
};

const markdown: Style = {
  title: (title) => `# ${literal(title)}\n`,
  service: (name) => `\n## ${literal(name)}\n`,
  outcome: (title) => `**${title}**\n`,
  item: (place, key, what) => `- ${code(key)} (${literal(place)}): ${literal(what)}`,
  note: (note) => `- ${literal(note)}`,
};

/** The report on a Compose project for a terminal. */
export const asText = (project: ComposeProject, classified: Classified): string =>
  report(project, classified, text);

/** The report on a Compose project as Markdown. */
export const asMarkdown = (project: ComposeProject, classified: Classified): string =>
  report(project, classified, markdown);

function report(project: ComposeProject, { services, project: lines }: Classified, style: Style): string {
  const sorted = [...services].sort((a, b) => a.name.localeCompare(b.name, "en"));
  const all = [...services.flatMap((service) => service.lines), ...lines];
  return [
    style.title(`Report on ${project.files.map((file) => relative(project.folder, file)).join(", ")}`),
    ...totals(all, services.length).map(style.note),
    ...(project.warnings.length > 0 ? [style.service("Warnings")] : []),
    ...project.warnings.map(style.note),
    ...sorted.flatMap((service) => [style.service(heading(service)), ...ofService(service.lines, style)]),
    ...(lines.length > 0 ? [style.service("Whole project"), ...ofService(lines, style)] : []),
  ].join("\n");
}

function totals(lines: readonly Line[], services: number): string[] {
  const keys = lines.flatMap((line) => line.keys.map(() => line.outcome));
  const count = (outcome: Outcome): number => keys.filter((one) => one === outcome).length;
  const proposals = lines.filter((line) => line.keys.length === 0).length;
  return [
    `${counted(services, "service")}, ${counted(keys.length, "key")}: ${count("taken")} taken, ${count("improved")} improved, ${count("unsupported")} not supported.`,
    `${counted(proposals, "proposal")} for parts that the files lack.`,
  ];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const heading = ({ name, kind }: ClassifiedService): string => `${name}: ${kindText(kind)}`;

function kindText(kind: ServiceKind): string {
  switch (kind.kind) {
    case "store":
      return `a store, ${kind.store}, that Ragdock has a service for`;
    case "console":
      return `a console, ${kind.name}`;
    case "application":
      return "an application";
    case "foreign":
      return kind.why
        ? `an image, ${kind.name}, that no store of the stack replaces`
        : `an image, ${kind.name}, for which Ragdock has no service`;
  }
}

function ofService(lines: readonly Line[], style: Style): string[] {
  return outcomes.flatMap((outcome) => {
    const own = lines.filter((line) => line.outcome === outcome);
    if (own.length === 0) return [];
    return [
      style.outcome(titles[outcome]),
      ...own.map((line) => style.item(placeOf(line), line.key, line.text)),
    ];
  });
}

/** A proposal is about something that no file has. */
const placeOf = ({ origin, keys }: Line): string =>
  keys.length === 0 ? "proposed" : `${basename(origin.file)}:${origin.line}`;

/** Escapes a text for Markdown, in one line. */
const literal = (value: string): string =>
  value.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_{}[\]<>#|~]/g, "\\$&");

/** Code in Markdown. The fence is longer than any run of backticks in it. */
function code(value: string): string {
  const longest = Math.max(0, ...[...value.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const padded = value.startsWith("`") || value.endsWith("`") ? ` ${value} ` : value;
  return `${fence}${padded.replaceAll(/\s+/g, " ")}${fence}`;
}
