import { type Problem, problem, setCommand } from "../config/spec/problem.ts";
import { longRunning, publishedPorts, type SystemSpec } from "../config/spec/service.ts";

interface Published {
  readonly service: string;
  readonly owner: string;
  readonly host: number;
}

/** No host port twice, no store and no console open to everyone. */
export const ports = (system: SystemSpec): Problem[] => [...portsTwice(system), ...publicStores(system)];

const published = ({ services }: SystemSpec): Published[] =>
  services.flatMap((s) =>
    publishedPorts(s).map(({ host, owner = s.name }) => ({ service: s.name, owner, host })),
  );

function portsTwice(system: SystemSpec): Problem[] {
  const all = published(system);
  const used = new Set(all.map(({ host }) => host));
  return all.flatMap(({ owner, host }, index) => {
    const other = all.slice(0, index).find((one) => one.host === host);
    if (!other) return [];
    const path = `services.${owner}.port`;
    const free = nextFree(host, used);
    return [
      problem(
        path,
        String(host),
        `${other.owner} has this port already`,
        `Run: ${setCommand(path, String(free))}`,
      ),
    ];
  });
}

function nextFree(from: number, used: ReadonlySet<number>): number {
  let port = from;
  while (used.has(port)) port = port >= 65_535 ? 1024 : port + 1;
  return port;
}

const publicStores = ({ services }: SystemSpec): Problem[] =>
  longRunning(services)
    .filter((s) => s.kind === "stateful" && publishedPorts(s).some(({ exposure }) => exposure === "public"))
    .map(({ name }) => {
      const path = `services.${name}.exposure`;
      const why = "a store or a console may be reachable from this host at most";
      return problem(path, '"public"', why, `Run: ${setCommand(path, "loopback")}`);
    });
