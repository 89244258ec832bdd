import { basename } from "node:path";
import { changedSettings, pinnedKey } from "../../config/spec/deployment.ts";
import { Failure } from "../../config/spec/failure.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { inStartOrder } from "../../config/spec/start-order.ts";
import { type Container, isWell, onSwarm, serviceOf } from "../../host/docker.ts";
import type { Finding } from "../../host/finding.ts";
import { atContainer } from "../../host/nodes.ts";
import { project } from "../../host/paths.ts";
import { lostData } from "../../host/placement.ts";
import { requireContainers } from "../inside.ts";
import { deploymentsOf } from "../session.ts";
import { ownSettings, stackFile } from "../stack-file.ts";
import { systemOf } from "../system.ts";
import { diagnose } from "../ui/diagnose.ts";
import { elapsed } from "../ui/text.ts";
import { countFindings } from "./containers.ts";
import { alertFindings, isOver, observe, probeFindings, targetFindings } from "./prometheus.ts";
import { readiness } from "./readiness.ts";
import { restartNotes } from "./restarts.ts";

/** The result of one kind of check. */
interface Checked {
  readonly findings: readonly Finding[];
  /** The checks that were made, as whole sentences. */
  readonly notes: readonly string[];
}

/**
 * Checks containers, readiness, probes, metrics, alerts and the last deployment. @throws Failure if
 * nothing runs
 */
export async function checkHealth(stack: string): Promise<Checked> {
  const containers = await requireContainers(stack, undefined);
  const { system, findings: settings } = await systemOrFinding(stack);
  const [ofContainers, ofApplications, ofPrometheus, deployment] = await Promise.all([
    containersChecked(stack, system, containers),
    system ? applicationsChecked(stack, system, containers).catch(notChecked("Readiness was")) : nothing,
    prometheusChecked(stack, system, containers).catch(notChecked("Alerts and blackbox checks were")),
    deploymentNote(stack),
  ]);
  // A service without a healthy container does not answer from outside either.
  const broken = new Set(ofContainers.findings.map(({ service }) => service));
  const ofMonitoring = ofPrometheus.findings.filter(({ service }) => !broken.has(service));
  return {
    findings: [
      ...settings,
      ...inOrder(ofContainers.findings, system),
      ...ofApplications.findings,
      ...inOrder(ofMonitoring, system),
      ...ofPrometheus.alerts,
    ],
    notes: [...ofContainers.notes, ...ofApplications.notes, ...ofPrometheus.notes, deployment],
  };
}

const nothing = { findings: [], alerts: [], notes: [] };

/** A check that needs the Docker of a node whose address is not known does not fail the other checks. */
const notChecked = (what: string) => (error: Error) => {
  if (!(error instanceof Failure)) throw error;
  return { ...nothing, notes: [`${what} not checked: ${error.message} ${error.advice}`] };
};

/**
 * The system, or a finding about wrong settings. The containers can be checked without the system.
 */
async function systemOrFinding(stack: string): Promise<{ system?: SystemSpec; findings: Finding[] }> {
  try {
    return { system: await systemOf(stack), findings: [] };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [problem = "", ...evidence] = error.message.split("\n");
    const finding = { service: "", problem: `${basename(stackFile(stack))}: ${problem}`, evidence };
    return { findings: [{ ...finding, next: error.advice }] };
  }
}

/** Findings in the order in which services start: a cause comes before its consequences. */
function inOrder(findings: readonly Finding[], system: SystemSpec | undefined): Finding[] {
  const order = inStartOrder(system?.services ?? []).order.map(({ name }) => name);
  return findings.toSorted((a, b) => order.indexOf(a.service) - order.indexOf(b.service));
}

async function containersChecked(
  stack: string,
  system: SystemSpec | undefined,
  containers: readonly Container[],
): Promise<Checked> {
  const healthy = containers.filter(isWell).length;
  const all = containers.length;
  const note =
    healthy === all ? `All ${all} containers are healthy.` : `${healthy} of ${all} containers are healthy.`;
  const counted = system ? countFindings(stack, system, containers) : [];
  const lost = system && onSwarm() ? await lostData({ project, stack }, system) : [];
  const without = new Set(lost.map(({ service }) => service));
  const [unwell, restarts] = await Promise.all([diagnose(stack), restartNotes(containers, Date.now())]);
  const others = [...counted, ...unwell].filter(({ service }) => !without.has(service));
  return { findings: [...lost, ...others], notes: [note, ...restarts] };
}

async function applicationsChecked(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<Checked> {
  const { findings, ready } = await readiness(stack, system, containers);
  const names = [...new Set(ready)].filter((name) => !findings.some(({ service }) => service === name));
  return { findings, notes: names.map((name) => `${name} is ready: everything it depends on answers.`) };
}

async function prometheusChecked(
  stack: string,
  system: SystemSpec | undefined,
  containers: readonly Container[],
): Promise<Checked & { alerts: readonly Finding[] }> {
  const prometheus = containers.find((c) => serviceOf(c) === "prometheus" && c.State.Status === "running");
  if (!prometheus) {
    const isPart = system?.services.some(({ name }) => name === "prometheus") ?? false;
    const why = isPart ? "Prometheus does not run" : "this system has no Prometheus";
    return { findings: [], alerts: [], notes: [`Alerts and blackbox checks were not read: ${why}.`] };
  }
  return atContainer(prometheus, (container) => monitoringChecked(stack, container));
}

async function monitoringChecked(
  stack: string,
  prometheus: Container,
): Promise<Checked & { alerts: readonly Finding[] }> {
  const observed = await observe(prometheus);
  if ("error" in observed) {
    const next = `make logs SERVICE=prometheus STACK=${stack}`;
    const problem = "Prometheus does not answer, so alerts and blackbox checks are unknown.";
    return {
      findings: [{ service: "prometheus", problem, evidence: [observed.error], next }],
      alerts: [],
      notes: [],
    };
  }
  const targets = targetFindings(stack, observed.targets);
  const probes = await probeFindings(stack, prometheus, observed.probes);
  const silent = new Set(probes.map(({ service }) => service));
  const over = observed.alerts.filter((alert) => isOver(alert, observed, silent));
  const firing = observed.alerts.filter((alert) => !over.includes(alert));
  const alerts = alertFindings(stack, firing, Date.now());
  const up = observed.targets.filter(({ health }) => health === "up").length;
  const probed = observed.probes.length;
  const parts = [
    `${up} of ${observed.targets.length} targets serve metrics`,
    ...(probed > 0 ? [`${probed - probes.length} of ${probed} probes succeed`] : []),
    `${alerts.length || "no"} ${alerts.length === 1 ? "alert fires" : "alerts fire"}`,
  ];
  const ended = over.map(
    ({ labels }) =>
      `Alert ${labels.alertname} of ${labels.service} still fires, but the service answers again.`,
  );
  return { findings: [...probes, ...targets], alerts, notes: [`Prometheus: ${parts.join(", ")}.`, ...ended] };
}

/** When the stack was deployed, and whether its settings have changed since. */
async function deploymentNote(stack: string): Promise<string> {
  try {
    const last = (await deploymentsOf(stack)).at(-1);
    if (!last) return "No deployment of this stack has succeeded yet.";
    const age = elapsed((Date.now() - Date.parse(last.at)) / 1000);
    const changed = changedSettings(last.settings, ownSettings(stack)).filter((key) => key !== pinnedKey);
    if (changed.length === 0)
      return `Last deployment: ${age} ago, with the settings of ${basename(stackFile(stack))}.`;
    return (
      `Last deployment: ${age} ago. ${basename(stackFile(stack))} has changed since then: ${changed.join(", ")}. ` +
      `Apply the changes: make up STACK=${stack}`
    );
  } catch (error) {
    return `The last deployment is unknown: ${(error as Error).message}`;
  }
}
