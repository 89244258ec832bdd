import { type Problem, wrongValue } from "../config/spec/problem.ts";
import { publishedPorts, type SystemSpec } from "../config/spec/service.ts";

/** Reports host ports that two services use. */
export function ports({ services }: SystemSpec): Problem[] {
  const all = services.flatMap((s) => publishedPorts(s).map(({ host, owner = s.name }) => ({ owner, host })));
  const used = new Set(all.map(({ host }) => host));
  return all.flatMap(({ owner, host }, index) => {
    const other = all.slice(0, index).find((one) => one.host === host);
    if (!other) return [];
    const why = `${other.owner} already has this port`;
    return [wrongValue(`services.${owner}.port`, String(host), why, String(nextFree(host, used)))];
  });
}

function nextFree(from: number, used: ReadonlySet<number>): number {
  let port = from;
  while (used.has(port)) port = port >= 65_535 ? 1024 : port + 1;
  return port;
}
