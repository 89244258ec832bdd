import type { ComposeProject, ComposeService } from "./read.ts";
import { at, children, entriesOf, textOf, textsOf } from "./tree.ts";

/** The names under which other services reach a service. */
export function hostsOf({ name, tree }: ComposeService): string[] {
  const aliases = entriesOf(at(tree, "networks")).flatMap(([, network]) => textsOf(at(network, "aliases")));
  const others = ["container_name", "hostname"].flatMap((key) => textOf(at(tree, key)) ?? []);
  return [...new Set([name, ...others, ...aliases])];
}

/** A word in the names of variables whose value is a host, such as `REDIS_HOST`. */
const hostVariable = /HOST|SERVER|ADDR|URL|URI|ENDPOINT|NODE|BROKER|PROXY|BASE|DOMAIN/i;

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Replaces a host in the value of a variable. If a value is only a name, it counts only if the name
 * of the variable says so: `VECTOR_STORE=qdrant` names no host.
 */
export function withHost(variable: string, value: string, host: string, by: string): string {
  if (value === host) return hostVariable.test(variable) ? by : value;
  const name = escaped(host);
  const pattern = new RegExp(`(//|@)${name}(?=[:/?,;"'\\s]|$)|(^|[,;=\\s"'(])${name}(?=:\\d)`, "g");
  return value.replaceAll(pattern, (_, after = "", before = "") => `${after}${before}${by}`);
}

/** Whether a variable names a host. */
export const namesHost = (variable: string, value: string, host: string): boolean =>
  withHost(variable, value, host, "\0") !== value;

/** The variables of a service that have a value. @param own whether to leave out environment files */
export const variablesIn = (
  { tree }: ComposeService,
  own = false,
): (readonly [name: string, value: string])[] =>
  entriesOf(at(tree, "environment")).flatMap(([name, value]) => {
    const text = textOf(value);
    if (text === undefined || (own && !/\.ya?ml$/.test(value.origin.file))) return [];
    return [[name, text] as const];
  });

/**
 * Whether the variables or the command of a service name one of these hosts.
 * @param own whether to leave out environment files, which several services can have
 */
export const mentions = (service: ComposeService, hosts: readonly string[], own = false): boolean =>
  hosts.some(
    (host) =>
      variablesIn(service, own).some(([name, value]) => namesHost(name, value, host)) ||
      ["command", "entrypoint"].some((key) =>
        textsOf(at(service.tree, key)).some((word) => namesHost("", word, host)),
      ),
  );

/** The services that name another one, or wait for it. */
export const clientsOf = (service: ComposeService, { services }: ComposeProject): ComposeService[] =>
  services.filter(
    (other) =>
      other.name !== service.name &&
      (mentions(other, hostsOf(service)) || at(other.tree, "depends_on", service.name) !== undefined),
  );

/** Whether another service waits for the end of this one. */
export const isJob = ({ name }: ComposeService, { services }: Pick<ComposeProject, "services">): boolean =>
  services.some(
    ({ tree }) => textOf(at(tree, "depends_on", name, "condition")) === "service_completed_successfully",
  );

/** The container's ports of a service that Compose publishes over TCP, with those of the host. */
export const publishedPorts = ({ tree }: ComposeService): { target: number; published?: number }[] =>
  children(at(tree, "ports")).flatMap((port) => {
    const [target, published] = ["target", "published"].map((key) => Number(textOf(at(port, key)) ?? ""));
    if (!target || textOf(at(port, "protocol")) === "udp") return [];
    return [{ target, ...(published ? { published } : {}) }];
  });
