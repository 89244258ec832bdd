import type { ServiceSpec } from "./service.ts";

/** Returns the services with each one after its dependencies, or the first circular dependency. */
export function inStartOrder<S extends ServiceSpec>(
  services: readonly S[],
): { readonly order: S[]; readonly circle?: readonly string[] } {
  const byName = new Map(services.map((s) => [s.name, s]));
  const done = new Set<S>();
  let circle: readonly string[] | undefined;
  const visit = (service: S, path: readonly string[]): void => {
    if (done.has(service) || circle) return;
    if (path.includes(service.name)) {
      circle = [...path.slice(path.indexOf(service.name)), service.name];
      return;
    }
    for (const name of service.dependsOn) {
      const other = byName.get(name);
      if (other) visit(other, [...path, service.name]);
    }
    done.add(service);
  };
  for (const service of services) visit(service, []);
  return { order: [...done], ...(circle ? { circle } : {}) };
}
