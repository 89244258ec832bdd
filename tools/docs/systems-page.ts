import {
  isLongRunning,
  publishedPorts,
  type ServiceSpec,
  type SystemSpec,
} from "../../config/spec/service.ts";
import { mebibytes } from "../../config/spec/units.ts";
import { type SystemName, systems } from "../../config/systems/index.ts";
import type { System } from "../../config/systems/system.ts";
import { type Parts, table } from "../markdown.ts";
import { picture } from "./picture.ts";
import { specOf, systemNames } from "./specs.ts";

/** Returns the list of systems, and the services of each system in dev and in prod. */
export const systemsPage = (): Parts => ({
  overview: table(
    ["system", "what it is"],
    systemNames.map((name) => [`[${name}](#${name})`, systems[name].about]),
  ),
  systems: systemNames.flatMap(section).join("\n\n"),
});

function section(name: SystemName): string[] {
  const { about, differs = [] }: System = systems[name];
  const dev = specOf(name, "dev");
  const prod = specOf(name, "prod");
  const names = new Set([...dev.services, ...prod.services].map((s) => s.name));
  const rows = [...names].map((service) => {
    const [d, p] = [dev, prod].map((spec) => spec.services.find((s) => s.name === service));
    const cell = (of: (s: ServiceSpec) => string): string => {
      const [a, b] = [d ? of(d) : "–", p ? of(p) : "–"];
      return a === b ? a : `${a} / ${b}`;
    };
    return [`\`${service}\``, ...Object.values(columns).map(cell)];
  });
  const keys = Object.entries(prod.secrets).flatMap(([, s]) => (s.from === "config" ? [`\`${s.key}\``] : []));
  return [
    `## ${name}`,
    about,
    ...(differs.length > 0 ? ["Different from the original:", differs.map((d) => `- ${d}`).join("\n")] : []),
    ...(keys.length > 0 ? [`Keys that you set: ${keys.join(", ")}.`] : []),
    picture(dev),
    `Its memory limits add up to ${memory(dev)} in dev and ${memory(prod)} in production.`,
    table(["service", ...Object.keys(columns)], rows),
    `It has ${Object.keys(dev.networks).length} networks in dev and ${Object.keys(prod.networks).length} in production.`,
    "The environment variables of its services. `services.<name>.environment` adds to them:",
    table(["service", "in dev", "different in prod"], settingsRows(dev, prod)),
  ];
}

function settingsRows(dev: SystemSpec, prod: SystemSpec): string[][] {
  return dev.services
    .filter((s) => Object.keys(s.environment).length > 0)
    .map(({ name, environment }) => {
      const there = prod.services.find((s) => s.name === name)?.environment ?? {};
      const other = Object.entries(there).filter(([key, value]) => environment[key] !== value);
      return [`\`${name}\``, assignments(Object.entries(environment)), assignments(other) || "–"];
    });
}

const assignments = (entries: readonly (readonly [string, string])[]): string =>
  entries.map(([key, value]) => `\`${key}=${value}\``).join("<br>");

/** Returns the sum of all memory limits. */
function memory({ services }: SystemSpec): string {
  const each = services.filter(isLongRunning).map((s) => mebibytes(s.limits.memory) * s.replicas);
  return `${(each.reduce((a, b) => a + b, 0) / 1024).toFixed(1)} GiB`;
}

/** The columns after the name: header and cell. */
const columns: Readonly<Record<string, (s: ServiceSpec) => string>> = {
  image,
  "port on the host": endpoint,
  networks: (s) => s.networks.join(", "),
  volumes,
  limits,
  replicas: (s) => (isLongRunning(s) ? String(s.replicas) : "runs once"),
  command: (s) => (s.command ? `\`${shortened(s.command.join(" "))}\`` : "the image's"),
  "depends on": (s) => s.dependsOn.join(", ") || "–",
};

function image({ image: source }: ServiceSpec): string {
  if (source.from === "reference") return source.reference;
  return source.from === "build"
    ? `${source.name} (built${source.target ? `, ${source.target}` : ""})`
    : source.image.name;
}

function endpoint(s: ServiceSpec): string {
  const ports = publishedPorts(s).map(({ host, exposure }) => `${host} ${exposure}`);
  return ports.join(", ") || "none";
}

function volumes(s: ServiceSpec): string {
  const named = s.volumes.map((v) => `${v.volume} on ${v.path}`);
  const bound = s.mounts.map((m) => `${m.source} on ${m.target}${m.readOnly ? ", read-only" : ""}`);
  return [...named, ...bound].join("; ") || "none";
}

function limits({ limits: { cpus, memory, reservation } }: ServiceSpec): string {
  return `${cpus} CPU, ${memory}${reservation ? `, ${reservation} kept` : ""}`;
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);
