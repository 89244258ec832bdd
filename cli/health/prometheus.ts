import { execa } from "execa";
import { type Container, dockerEnvironment } from "../../host/docker.ts";
import type { Finding } from "../../host/finding.ts";
import { elapsed } from "../ui/text.ts";

/** Fetches URLs with BusyBox's wget and prints one answer per line. */
const fetchAll = `for url; do wget -q -T 5 -O - "$url" || exit 1; echo; done`;

const api = "http://127.0.0.1:9090/api/v1";
const addresses = [`${api}/alerts`, `${api}/targets?state=active`, `${api}/query?query=probe_success`];

type Labels = Readonly<Record<string, string>>;

interface Alert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: string;
  readonly activeAt: string;
}

interface Target {
  readonly labels: Labels;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
  readonly scrapeUrl: string;
}

interface Sample {
  readonly metric: Labels;
  readonly value: readonly [time: number, value: string];
}

/** The facts that Prometheus has about a stack. */
export interface Observed {
  readonly alerts: readonly Alert[];
  readonly targets: readonly Target[];
  readonly probes: readonly Sample[];
}

/** Asks Prometheus from inside its container, because production does not publish its port. */
export async function observe(prometheus: Container): Promise<Observed | { readonly error: string }> {
  const args = ["exec", prometheus.Id, "sh", "-c", fetchAll, "sh", ...addresses];
  const { stdout, stderr, failed } = await execa("docker", args, {
    env: dockerEnvironment(),
    reject: false,
    timeout: 20_000,
  });
  if (failed) return { error: lastLine(stderr) };
  try {
    return observedIn(stdout.split("\n"));
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const lastLine = (text: string): string =>
  text.trim().split("\n").at(-1) || "there was no answer within 20 seconds";

/** Reads Prometheus' answers about alerts, targets and `probe_success`. */
export function observedIn([alerts = "", targets = "", probes = ""]: readonly string[]): Observed {
  return {
    alerts: (JSON.parse(alerts) as { data: { alerts: Alert[] } }).data.alerts.filter(isFiring),
    targets: (JSON.parse(targets) as { data: { activeTargets: Target[] } }).data.activeTargets,
    probes: (JSON.parse(probes) as { data: { result: Sample[] } }).data.result,
  };
}

/** Alerts of severity `none` are for other programs. */
const isFiring = ({ state, labels }: Alert): boolean => state === "firing" && labels.severity !== "none";

/** The alerts that fire, critical ones first. */
export const alertFindings = (stack: string, alerts: readonly Alert[], now: number): Finding[] =>
  alerts
    .toSorted((a, b) => (a.labels.severity ?? "").localeCompare(b.labels.severity ?? ""))
    .map(({ labels, annotations, activeAt }) => ({
      service: labels.service ?? "",
      problem: `Alert ${labels.alertname} (${labels.severity}) fires: ${annotations.summary}.`,
      evidence: [
        `Active for ${elapsed(Math.max(0, now - Date.parse(activeAt)) / 1000)}.`,
        ...(annotations.description ? [annotations.description] : []),
      ],
      next: onStack(stack, annotations.runbook ?? ""),
    }));

/**
 * Whether the cause of an alert is gone although it still fires in Prometheus. Prometheus evaluates
 * its rules once per scrape interval: after a first deployment the ingress answers before that.
 * @param silent the services that do not answer the blackbox exporter now
 */
export function isOver(
  { labels }: Alert,
  { targets, probes }: Observed,
  silent: ReadonlySet<string>,
): boolean {
  const { alertname, service = "" } = labels;
  if (alertname === "ServiceUnhealthy")
    return probes.some(({ metric }) => metric.service === service) && !silent.has(service);
  const own = targets.filter((target) => target.labels.service === service);
  return alertname === "TargetDown" && own.length > 0 && own.every(({ health }) => health === "up");
}

/** Adds the stack to each `make` command in a text. */
const onStack = (stack: string, text: string): string =>
  text.replaceAll(/`(make [^`]+)`/g, (_, words: string) => `\`${words} STACK=${stack}\``);

/** The targets whose metrics Prometheus cannot read. */
export const targetFindings = (stack: string, targets: readonly Target[]): Finding[] =>
  targets
    .filter(({ health }) => health === "down")
    .map(({ labels: { service = "" }, scrapeUrl, lastError }) => ({
      service,
      problem: `Prometheus gets no metrics from ${service}.`,
      evidence: [`${withoutSecret(scrapeUrl)}: ${withoutSecret(lastError)}`],
      next: `make logs SERVICE=${service} STACK=${stack}`,
    }));

/** The path of some metrics is secret. The host and the port are enough to identify the target. */
const withoutSecret = (text: string): string => text.replaceAll(/(https?:\/\/[^/\s"]+)\/[^\s"]*/g, "$1");

/**
 * The services that do not answer the blackbox exporter. Each is checked again, because the last
 * result may be old.
 */
export async function probeFindings(
  stack: string,
  prometheus: Container,
  probes: readonly Sample[],
): Promise<Finding[]> {
  const checked = await Promise.all(
    probes
      .filter(hasFailed)
      .map(async ({ metric }) => ({ metric, reason: await reasonNow(prometheus, metric) })),
  );
  return checked.flatMap(({ metric: { service = "", instance }, reason }) =>
    reason === undefined
      ? []
      : [
          {
            service,
            problem: `${service} does not answer the blackbox exporter.`,
            evidence: [`${instance}: ${reason}`],
            next: `make logs SERVICE=${service} STACK=${stack}`,
          },
        ],
  );
}

/** Returns the reason why the blackbox exporter gets no answer now. Undefined if it gets one. */
async function reasonNow(
  prometheus: Container,
  { instance = "", job = "" }: Labels,
): Promise<string | undefined> {
  const query = new URLSearchParams({ module: job.replace(/^probe-/, ""), target: instance, debug: "true" });
  const address = `http://blackbox-exporter:9115/probe?${query}`;
  const args = ["exec", prometheus.Id, "sh", "-c", fetchAll, "sh", address];
  const { stdout, stderr, failed } = await execa("docker", args, {
    env: dockerEnvironment(),
    reject: false,
    timeout: 20_000,
  });
  if (failed) return lastLine(stderr);
  return probeReason(stdout);
}

/**
 * The last error in the blackbox exporter's log of a probe. Undefined if the probe succeeded.
 */
export function probeReason(account: string): string | undefined {
  if (/^probe_success 1$/m.test(account)) return undefined;
  return [...account.matchAll(/ err="?([^"\n]+)/g)].at(-1)?.[1] ?? "the probe fails";
}

const hasFailed = ({ value: [, value] }: Sample): boolean => value === "0";
