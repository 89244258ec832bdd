import { Failure } from "../../config/spec/failure.ts";
import { setCommand } from "../../config/spec/message.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { command, jsonOption, print, stackOption } from "../command.ts";
import { requireContainers } from "../inside.ts";
import { hostText } from "../load/host.ts";
import { keeps, measure, nextRate, type Objective, type Step } from "../load/ramp.ts";
import { advice, busiest, firstSaturated, type Load, whileMeasured } from "../load/saturation.ts";
import type { Shape, Target } from "../load/send.ts";
import { cheapPath, ingressOf, ingressUrl } from "../load/target.ts";
import { withProgress } from "../session.ts";
import { reachableSystem } from "../system.ts";
import { elapsed, table } from "../ui/text.ts";

/** The highest rate that may be asked for, in requests a second. One sender cannot send more. */
const highestRate = 2000;

export const load = command({
  name: "load",
  summary: "Send requests at a rising rate until the stack no longer keeps its objective",
  details:
    "It sends one kind of request to the ingress of the stack and to no other host, and shows what reaches its limit first. By default it requests the health check of the API, which costs no money. Set a real request with --path and --body. Questions cost money with a paid model. Uploaded documents stay",
  options: {
    stack: stackOption,
    path: {
      flags: "--path <path>",
      description: "the path of the requests; by default the API's health check",
    },
    method: { flags: "--method <method>", description: "the method; by default GET, or POST with --body" },
    body: { flags: "--body <json>", description: "the body of each request, as JSON" },
    header: {
      flags: "--header <header>",
      description: "a header, such as the API key of a stack with a sign-in",
    },
    p95: {
      flags: "--p95 <milliseconds>",
      description: "the time within which 95 % of requests must be answered",
      default: "1000",
    },
    failures: {
      flags: "--failures <percent>",
      description: "the share of requests that may fail",
      default: "1",
    },
    rate: { flags: "--rate <number>", description: "the highest rate, in requests a second", default: "200" },
    step: { flags: "--step <seconds>", description: "how long to send at each rate", default: "10" },
    confirm: { flags: "--confirm <stack>", description: "in prod: repeat the stack's name" },
    json: jsonOption,
  },
  examples: [
    "load",
    'load --path /api/query --body \'{"question": "Where is the spare mirror kept?"}\' --p95 2000',
  ],
  run: async ({ stack, path, method, body, header, p95, failures, rate, step, confirm, json }) => {
    const objective = {
      p95: within(p95, "--p95", 1, 60_000),
      failures: within(failures, "--failures", 0, 100) / 100,
    };
    const highest = within(rate, "--rate", 1, highestRate);
    const seconds = within(step, "--step", 2, 60);
    if (path !== undefined && !/^\/(?!\/)\S*$/.test(path))
      throw new Failure(
        `"${path}" is not a path of the stack.`,
        "A path begins with one slash: --path /api/documents",
      );
    const system = await reachableSystem(stack);
    if (system.environment === "prod" && confirm !== stack)
      throw new Failure(
        `Stack "${stack}" is in production. The test makes the stack slow for its users.`,
        `Confirm it: make load STACK=${stack} CONFIRM=${stack}`,
      );
    const url = ingressUrl(system);
    const shape: Shape = {
      path: path ?? cheapPath(system),
      method: method ?? (body === undefined ? "GET" : "POST"),
      ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
    };
    const target = await ingressOf(stack, url, header);
    const measured = await ramp(stack, system, { target, shape, objective, highest, seconds, quiet: json });
    print(json ? JSON.stringify(measured, null, 2) : `\n${loadText(system, objective, measured)}`);
    return 0;
  },
});

/** A number of an option. @throws Failure outside of its bounds */
export function within(text: string, flag: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  throw new Failure(`${flag} is "${text}".`, `It is a number from ${least} to ${most}.`);
}

/** A step, and what the containers used during it. */
export interface Measured extends Step {
  readonly loads: readonly Load[];
}

interface Ramp {
  readonly target: Target;
  readonly shape: Shape;
  readonly objective: Objective;
  readonly highest: number;
  readonly seconds: number;
  readonly quiet: boolean;
}

async function ramp(stack: string, system: SystemSpec, options: Ramp): Promise<Measured[]> {
  const { target, shape, objective, highest, seconds, quiet } = options;
  const containers = (await requireContainers(stack, undefined)).filter(
    ({ State }) => State.Status === "running",
  );
  await requireAnswer(target, shape);
  const steps: Measured[] = [];
  await withProgress(stack, async (progress) => {
    if (!quiet)
      progress.line(
        `${shape.method} ${shape.path}, ${elapsed(seconds)} at each rate, at most ${highest} a second`,
      );
    for (;;) {
      const rate = nextRate(steps, objective, highest);
      if (rate === undefined) return;
      const { result, loads } = await whileMeasured(system, containers, () =>
        measure(target, shape, rate, seconds),
      );
      steps.push({ ...result, loads });
      if (!quiet)
        progress.line(`${rate} a second: p95 ${milliseconds(result.p95)}, ${percent(result.failed)} failed`);
    }
  });
  return steps;
}

/** @throws Failure if a single request fails, because the rest would fail for the same reason */
async function requireAnswer(target: Target, shape: Shape): Promise<void> {
  const { failures } = await measure(target, shape, 1, 1);
  const [failure] = Object.keys(failures);
  if (failure === undefined) return;
  const hints: Readonly<Record<string, string>> = {
    401: 'The stack has a sign-in. Create a key with ./ragdock keys create, and give it: --header "Authorization: Bearer rdk_…"',
    403: "The role of the key does not allow this request. Create a key with another role: ./ragdock keys create --name load --role editor",
    404: "The stack has no such path. Name an existing path: --path /api/documents",
  };
  throw new Failure(
    `A single request to ${shape.path} already fails: ${failure}. Nothing else was sent.`,
    hints[failure] ?? "See what is wrong: ./ragdock health",
  );
}

/** Formats the steps by rate, what the stack keeps, what reached its limit, and which limits to raise. */
export function loadText(system: SystemSpec, objective: Objective, measured: readonly Measured[]): string {
  const sorted = [...measured].sort((one, other) => one.rate - other.rate);
  const rows = sorted.map((step) => {
    const busy = busiest(step.loads);
    return [
      String(step.rate),
      step.answered.toFixed(1),
      milliseconds(step.p50),
      milliseconds(step.p95),
      percent(step.failed),
      keeps(objective, step) ? "kept" : "broken",
      busy ? `${busy.service} ${percent(busy.share)} of its ${busy.resource}` : "not measured",
    ];
  });
  const header = ["REQUESTS/S", "ANSWERS/S", "P50", "P95", "FAILED", "OBJECTIVE", "BUSIEST"];
  const good = sorted.filter((step) => keeps(objective, step)).at(-1);
  const bad = sorted.find((step) => !keeps(objective, step));
  const wanted = `p95 of at most ${milliseconds(objective.p95)}, at most ${percent(objective.failures)} failed`;
  const kinds = Object.entries(bad?.failures ?? {}).map(([kind, number]) => `${number} × ${kind}`);
  return [
    table(header, rows),
    "",
    good
      ? `The stack keeps its objective at ${good.rate} requests a second (${wanted}).`
      : `The stack keeps its objective at no rate (${wanted}).`,
    ...(bad
      ? [`It breaks at ${bad.rate}.${kinds.length > 0 ? ` Failures: ${kinds.join(", ")}.` : ""}`]
      : ["It kept the objective at every rate. Set a higher --rate to send more."]),
    ...limitsText(system, sorted),
  ].join("\n");
}

function limitsText(system: SystemSpec, sorted: readonly Measured[]): string[] {
  const loads = sorted.map((step) => step.loads);
  const first = firstSaturated(loads);
  if (!first) return [`No container reached 90% of its limits. ${hostText()}`];
  const commands = advice(system, loads).map(
    ({ setting, now, next }) => `  ${setting}: ${now} → ${next}   ${setCommand(setting, next)}`,
  );
  return [
    `${first.service} reached its limit first: ${percent(first.share)} of its ${first.resource}.`,
    "Recommended limits:",
    ...commands,
  ];
}

const percent = (share: number): string => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`;

const milliseconds = (value: number): string => (Number.isFinite(value) ? `${Math.round(value)} ms` : "none");
