import { revisionsFile } from "../services/gateway.ts";
import { catalogue, commonJob, type ServiceTemplate } from "../services/template.ts";
import { revision } from "../spec/revision.ts";
import { type Blackbox, isLongRunning, type Job, type LongRunning } from "../spec/service.ts";
import { seconds } from "../spec/units.ts";

type HttpCheck = Extract<Blackbox, { module: "http_2xx" }>;
type Soaking = LongRunning & { readonly blackbox: HttpCheck };

/** Whether a service has a check that can be asked for a while. */
export const canSoak = (service: ServiceTemplate): service is Soaking =>
  isLongRunning(service) && service.blackbox?.module === "http_2xx";

/**
 * Tells each gateway what has to answer before it takes requests, and puts a job before it that asks every new release for
 * its `soak`, so that one which gets healthy and then falls ill is sent no request either.
 */
export function soaked(drafts: readonly ServiceTemplate[]): ServiceTemplate[] {
  return drafts.flatMap((draft) => {
    const behind = drafts
      .filter(canSoak)
      .filter((s) => draft.dependsOn.includes(s.name) && s.role !== "gateway");
    if (draft.role !== "gateway" || behind.length === 0) return [draft];
    const jobs = behind.filter((s) => s.soak && seconds(s.soak) > 0).map(soak);
    const releases = { path: revisionsFile, content: behind.map((s) => `${urlOf(s)}\n`).join("") };
    const dependsOn = [...draft.dependsOn, ...jobs.map((job) => job.name)];
    return [...jobs, { ...draft, files: [...draft.files, releases], dependsOn }];
  });
}

/** Where a release, and no other, answers. */
const urlOf = ({ name, blackbox }: Soaking): string =>
  `http://${revision(name)}:${blackbox.port}${blackbox.path}`;

const script = "/etc/ragdock/soak.sh";

function soak(service: Soaking): Job {
  const { name, networks } = service;
  const time = seconds(service.soak ?? "0s");
  return {
    ...commonJob,
    name: `${name}-soak`,
    role: "gateway",
    ...catalogue("nginx"),
    command: ["sh", script],
    networks,
    files: [{ path: script, content: watch(urlOf(service), time) }],
    limits: { cpus: 0.1, memory: "32MiB" },
    dependsOn: [name],
  };
}

/** Three misses in a row: one may be a hiccup of a machine at work. */
const watch = (url: string, time: number): string => `end=$(($(date +%s) + ${time}))
missed=0
while [ "$(date +%s)" -lt "$end" ]; do
  if said=$(wget -q -T 2 -O /dev/null ${url} 2>&1); then missed=0; else missed=$((missed + 1)); fi
  if [ "$missed" -ge 3 ]; then
    echo "${url} was healthy, but did not answer three times in a row within its first ${time} s: $said"
    exit 1
  fi
  sleep 1
done
echo "${url} answered for ${time} s"
`;
