import { hasFile } from "../../services/project-files.ts";
import type { Context } from "../../services/template.ts";
import { isLongRunning, type LongRunning, type ServiceSpec } from "../../spec/service.ts";
import { type Problem, problem, setCommand } from "../problem.ts";
import { connections, type Host, limits, sharedMemory } from "./capacity.ts";

/** What the cross-checks look at. */
export interface Subject {
  readonly ctx: Context;
  readonly services: readonly ServiceSpec[];
  readonly host: Host;
}

/** Everything that single settings cannot know: how they fit together, and the host. */
export function checks(subject: Subject): Problem[] {
  return [names, ports, exposure, replicas, limits, connections, sharedMemory, productionOnly, app].flatMap(
    (check) => check(subject),
  );
}

const longRunning = (subject: Subject): LongRunning[] => subject.services.filter(isLongRunning);

function names({ services }: Subject): Problem[] {
  const seen = new Set<string>();
  return services.flatMap(({ name }) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [
      problem(
        `services.${name}`,
        "two services of this name",
        "names are addresses and must differ",
        "Rename one of them.",
      ),
    ];
  });
}

function ports(subject: Subject): Problem[] {
  const taken = new Map<number, string>();
  return longRunning(subject).flatMap(({ name, endpoint }) => {
    if (!endpoint || endpoint.exposure === "none") return [];
    const other = taken.get(endpoint.host);
    taken.set(endpoint.host, name);
    if (other === undefined) return [];
    const free = freePort(endpoint.host, subject);
    return [
      problem(
        `services.${endpoint.settings ?? name}.port`,
        String(endpoint.host),
        `${other} has this port already`,
        `Type: ${setCommand(`services.${endpoint.settings ?? name}.port`, String(free))}`,
      ),
    ];
  });
}

function freePort(from: number, subject: Subject): number {
  const used = new Set(longRunning(subject).map((s) => s.endpoint?.host));
  let port = from;
  while (used.has(port)) port = port >= 65_535 ? 1024 : port + 1;
  return port;
}

function exposure(subject: Subject): Problem[] {
  return longRunning(subject).flatMap(({ name, kind, role, endpoint }) =>
    kind === "stateful" && endpoint?.exposure === "public" && role !== "gateway"
      ? [
          problem(
            `services.${name}.exposure`,
            '"public"',
            "a store or a console is reachable from this host at most",
            `Type: ${setCommand(`services.${name}.exposure`, "loopback")}`,
          ),
        ]
      : [],
  );
}

function replicas(subject: Subject): Problem[] {
  return longRunning(subject).flatMap((service) => {
    if (service.replicas === 1) return [];
    const path = `services.${service.name}.replicas`;
    const one = setCommand(path, "1");
    const server = `Keep them in a server: ${setCommand("vectorStore", "chroma")}; or run one: ${one}`;
    const why = single(service, subject.ctx);
    if (why === undefined) return [];
    return [problem(path, String(service.replicas), why, service.role === "api" ? server : `Type: ${one}`)];
  });
}

/** Why there can be one container of a service only; undefined when there can be several. */
function single({ kind, role, endpoint }: LongRunning, ctx: Context): string | undefined {
  if (kind === "stateful" && role === "api" && ctx.vectorStore === "embedded")
    return "its vectors are embedded: files in one volume, which one process may open";
  if (kind === "stateful") return "a store keeps its data in one volume, which takes one server: 1 at most";
  if (endpoint && endpoint.exposure !== "none")
    return "a service with a port on the host takes that port once: 1 at most";
  return undefined;
}

function productionOnly({ ctx: { settings } }: Subject): Problem[] {
  if (settings.environment === "dev") return [];
  return Object.entries(settings.services).flatMap(([name, s]) =>
    [["sourceMount", s.sourceMount === true] as const, ["mounts", (s.mounts?.length ?? 0) > 0] as const]
      .filter(([, set]) => set)
      .map(([key]) =>
        problem(
          `services.${name}.${key}`,
          "set",
          "production runs what is in its images and nothing else",
          `Type: pulumi config rm --path 'ragdock:services.${name}.${key}'`,
        ),
      ),
  );
}

function app({ ctx }: Subject): Problem[] {
  const { app: own } = ctx.settings;
  if (!own) return [];
  const { source, image } = own;
  const set = `Type: ${setCommand("app.source", "FOLDER")}`;
  if ((source === undefined) === (image === undefined)) {
    const found = source === undefined ? "neither source nor image" : "both source and image";
    return [problem("app", found, "exactly one of them says what to run", set)];
  }
  if (source === undefined) return [];
  if (!hasFile(source)) {
    return [problem("app.source", `"${source}"`, "there is no such folder, as seen from the project", set)];
  }
  if (hasFile(source, "Dockerfile") || hasFile(source, "requirements.txt")) return [];
  const why = "it has neither a Dockerfile nor a requirements.txt, so nobody knows how to build it";
  return [
    problem("app.source", `"${source}"`, why, "Add one of them: docs/guide/own-application.md shows both."),
  ];
}
