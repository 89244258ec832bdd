import { revisionUrl } from "../services/gateway.ts";
import { jobDefaults, type ServiceTemplate } from "../services/module.ts";
import { nginxCatalogueImage } from "../services/nginx.ts";
import type { HttpCheck } from "../spec/blackbox.ts";
import { type Content, content } from "../spec/content.ts";
import { catalogueImage } from "../spec/image.ts";
import type { Job, LongRunning, ServiceSpec } from "../spec/service.ts";
import { isLongRunning, longRunning } from "../spec/service.ts";
import { seconds } from "../spec/units.ts";
import type { Pass } from "./pass.ts";

/** A service behind a gateway that answers an HTTP check. */
export type Soakable = LongRunning & { readonly blackbox: HttpCheck };

/** Type guard: whether new revisions of a service can be watched before they get requests. */
export const canSoak = (service: ServiceSpec, services: readonly ServiceSpec[]): service is Soakable =>
  isLongRunning(service) &&
  service.blackbox?.module === "http_2xx" &&
  longRunning(services).some(
    (s) => s.role === "gateway" && s.routes?.some((route) => route.service === service.name),
  );

/**
 * Adds a job per routed service that watches each new revision for its `soak` before the gateway
 * passes requests to it.
 */
export const soak: Pass = (services) => {
  const soakable = services.filter((s) => canSoak(s, services));
  return services.flatMap((service): ServiceTemplate[] => {
    if (service.role !== "gateway" || !isLongRunning(service)) return [service];
    const behind = soakable.filter(({ name }) => service.routes?.some((route) => route.service === name));
    const jobs = behind.map((s) => soakJob(s as Soakable));
    const dependsOn = [...service.dependsOn, ...jobs.map(({ name }) => name)];
    return [...jobs, { ...service, dependsOn }];
  });
};

const script = "/etc/ragdock/soak.sh";

function soakJob({ name }: Soakable): ServiceTemplate<Job> {
  const find = (services: readonly ServiceSpec[]): Soakable | undefined =>
    services.find((s): s is Soakable => s.name === name && canSoak(s, services));
  return {
    ...jobDefaults,
    name: `${name}-soak`,
    role: "gateway",
    ...catalogueImage(nginxCatalogueImage),
    command: ["sh", script],
    limits: { cpus: 0.1, memory: "32MiB" },
    dependsOn: [name],
    omit: (_, services) =>
      seconds(find(services)?.soak ?? "0s") > 0 ? undefined : `services.${name}.soak is not set`,
    deriveFiles: (_, services) => {
      const service = find(services);
      return service ? [{ path: script, content: watch(service) }] : [];
    },
  };
}

/**
 * A refused connection fails the job: the container was healthy, so its process has ended since.
 * Docker may start it again within two seconds. Other failures may be caused by a busy machine, so
 * three in a row fail the job. The last request must succeed.
 */
function watch(service: Soakable): Content {
  const url = revisionUrl(service.name, service.blackbox);
  const time = seconds(service.soak ?? "0s");
  return content`end=$(($(date +%s) + ${time}))
failed() {
  echo "The new revision failed its soak: $1 within its first ${time} s. The answer: $said"
  exit 1
}
missed=0
while [ "$(date +%s)" -lt "$end" ] || [ "$missed" -gt 0 ]; do
  if said=$(wget -q -T 2 -O /dev/null ${url} 2>&1); then missed=0; else missed=$((missed + 1)); fi
  case $said in *refused*) failed "${url} refused a connection" ;; esac
  [ "$missed" -lt 3 ] || failed "three requests in a row to ${url} failed"
  sleep 0.5
done
echo "${url} answered for ${time} s"
`;
}
