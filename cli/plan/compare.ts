import { isDeepStrictEqual } from "node:util";
import { createTwoFilesPatch } from "diff";
import { ignoreChanges } from "../../config/spec/container-options.ts";
import type { DeclaredContainer, Description } from "./description.ts";

/** The change of one container. */
export interface ContainerStep {
  readonly name: string;
  readonly service: string;
  readonly op: "create" | "update" | "replace" | "delete";
  /** Whether its service stops before the new container starts. */
  readonly gap: boolean;
  /** Whether its service only monitors other services. */
  readonly watches: boolean;
  readonly isJob: boolean;
  /**
   * Whether the service exists before and after the change, even if the number of its containers
   * changes.
   */
  readonly stays: boolean;
  /** Names of the inputs that differ. */
  readonly changes: readonly string[];
  /** Single changed values: `environment A: 1 → 2`. */
  readonly details: readonly string[];
  /** Changed files, as unified diffs. A secret appears as its name. */
  readonly files: readonly string[];
}

/** The effects of a change of the program or the settings on one stack. */
export interface Plan {
  readonly stack: string;
  readonly system: string;
  readonly steps: readonly ContainerStep[];
  /** Networks, volumes, images and secrets: what is added, removed or replaced. */
  readonly others: readonly {
    readonly kind: string;
    readonly name: string;
    readonly op: string;
    readonly to?: string;
  }[];
  /** Lines about the data: volumes that are left behind, other major versions of PostgreSQL. */
  readonly data: readonly string[];
  /** What is recognised in folders without a Dockerfile, if that differs. */
  readonly builds: readonly string[];
  readonly ports: readonly string[];
  readonly memory: readonly [before: number, after: number];
  readonly cpus: readonly [before: number, after: number];
  readonly alerts: readonly string[];
  /** The problems of the new settings. */
  readonly problems: readonly string[];
  /** The rules that the new settings break, one line for each. */
  readonly policies: readonly string[];
}

/**
 * Inputs whose change does not replace a container. tests/e2e/full/plan.test.ts compares plans with
 * previews.
 */
const inPlace = new Set([
  ...["restart", "maxRetryCount", "cpuShares", "cpuSet", "memory", "memoryReservation", "memorySwap"],
  ...["mustRun", "destroyGraceSeconds", "wait", "waitTimeout", "attach", "logs", "start", "rm"],
]);

type Inputs = DeclaredContainer["inputs"];

/** Compares what two revisions declare for a stack. */
export function compare(stack: string, before: Description, after: Description): Plan {
  const servicesOf = ({ containers }: Description) =>
    new Set(Object.values(containers).map(({ service }) => service));
  const old = servicesOf(before);
  const staying = new Set([...servicesOf(after)].filter((service) => old.has(service)));
  const steps = pairs(before.containers, after.containers).flatMap(([name, old, next]) => {
    const step = stepOf(name, old, next, staying);
    return step ? [step] : [];
  });
  return {
    stack,
    system: after.system || before.system,
    steps,
    others: (["network", "volume", "image", "secret"] as const).flatMap((kind) =>
      others(kind, before.others[kind], after.others[kind]),
    ),
    data: dataLines(before, after),
    builds: pairs(before.builds ?? {}, after.builds ?? {}).flatMap(([image, old, next]) =>
      next === undefined || old === next ? [] : [`${image}: ${next}`],
    ),
    ports: pairs(before.ports, after.ports).flatMap(([service, old = [], next = []]) =>
      isDeepStrictEqual(old, next)
        ? []
        : [`${service}: ${old.join("; ") || "not published"} → ${next.join("; ") || "not published"}`],
    ),
    memory: [before.memory, after.memory],
    cpus: [before.cpus, after.cpus],
    alerts: pairs(before.alerts, after.alerts).flatMap(([name, old, next]) => {
      if (old === next) return [];
      return old === undefined
        ? [`added: ${name}`]
        : [`${next === undefined ? "removed" : "changed"}: ${name}`];
    }),
    problems: after.problems.map(({ path, found, problem }) => `${path}: found ${found}; ${problem}`),
    policies: [...Map.groupBy(after.findings, ({ rule, level }) => `${rule} (${level})`)].map(
      ([rule, all]) => `${rule}: ${all.map(({ problem }) => problem.path).join(", ")}`,
    ),
  };
}

function stepOf(
  name: string,
  old: DeclaredContainer | undefined,
  next: DeclaredContainer | undefined,
  staying: ReadonlySet<string>,
): ContainerStep | undefined {
  const one = next ?? old;
  if (!one) return undefined;
  const stays = staying.has(one.service);
  const common = { name, service: one.service, isJob: one.kind === "job", watches: one.watches, stays };
  if (!old || !next) {
    // A removed job has ended already. Removed replicas stop after the new ones serve.
    const gap = !next && one.kind !== "job" && (!stays || one.stopsFirst);
    return { ...common, op: next ? "create" : "delete", gap, changes: [], details: [], files: [] };
  }
  const changes = pairs(old.inputs, next.inputs)
    .filter(([key, a, b]) => !ignoreChanges.includes(key) && !isDeepStrictEqual(a, b))
    .map(([key]) => key);
  if (changes.length === 0) return undefined;
  const op = changes.every((key) => inPlace.has(key)) ? "update" : "replace";
  return {
    ...common,
    op,
    gap: op === "replace" && (next.stopsFirst || old.stopsFirst) && one.kind !== "job",
    changes,
    details: changes.flatMap((key) => values(key, old.inputs, next.inputs)),
    files: changes.includes("uploads") ? fileDiffs(old.inputs, next.inputs) : [],
  };
}

/**
 * The changed values of an input, a line each. Networks, ports and files have other lines in the
 * plan.
 */
function values(key: string, old: Inputs, next: Inputs): string[] {
  if (["uploads", "networksAdvanced", "ports"].includes(key)) return [];
  const [a, b] = [old[key], next[key]];
  if (key === "envs") return variables(a, b);
  const text = (value: unknown): string => {
    const line = typeof value === "string" ? value : (JSON.stringify(value) ?? "none");
    return line.length > 100 ? `${line.slice(0, 100)}…` : line;
  };
  return [`${key}: ${text(a)} → ${text(b)}`];
}

function variables(old: unknown, next: unknown): string[] {
  const read = (envs: unknown): Record<string, string> =>
    Object.fromEntries(
      (envs as string[]).map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
    );
  return pairs(read(old), read(next)).flatMap(([name, a, b]) =>
    a === b ? [] : [`environment ${name}: ${a ?? "not set"} → ${b ?? "not set"}`],
  );
}

interface Upload {
  readonly file: string;
  readonly content: string;
}

function fileDiffs(old: Inputs, next: Inputs): string[] {
  const read = (inputs: Inputs): Record<string, string> =>
    Object.fromEntries(
      ((inputs.uploads ?? []) as Upload[]).map(({ file, content }) => [file, withoutRevisions(content)]),
    );
  return pairs(read(old), read(next)).flatMap(([file, a = "", b = ""]) =>
    a === b
      ? []
      : [
          createTwoFilesPatch(file, file, a, b, undefined, undefined, { context: 2 }).replace(
            /^Index: .*\n=+\n/,
            "",
          ),
        ],
  );
}

/** Removes the digests of revisions, which only follow from other changes: `api-1a2b3c4d`. */
const withoutRevisions = (content: string): string =>
  content.replaceAll(/\b([a-z][a-z-]*)-[0-9a-f]{8}\b/g, "$1");

function others(
  kind: string,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Plan["others"][number][] {
  return pairs(before, after).flatMap(([name, old, next]) => {
    const to = kind === "image" && next ? { to: (next as { name: string }).name } : {};
    if (old === undefined) return [{ kind, name, op: "create", ...to }];
    // A volume keeps its data and its labels.
    if (next === undefined) return [{ kind, name, op: kind === "volume" ? "retain" : "delete" }];
    if (kind === "volume" || isDeepStrictEqual(old, next)) return [];
    return [{ kind, name, op: "replace", ...to }];
  });
}

function dataLines(before: Description, after: Description): string[] {
  const left = Object.keys(before.others.volume).filter((name) => !(name in after.others.volume));
  return [
    ...left.map((name) => `The volume ${name} is no longer used. Its data stays on the host.`),
    ...pairs(before.postgres, after.postgres).flatMap(([service, old, next]) =>
      old && next && old !== next
        ? [`${service}: PostgreSQL ${old} → ${next}. Run \`make upgrade-postgres VERSION=${next}\` instead.`]
        : [],
    ),
    ...(before.system && after.system && before.system !== after.system
      ? [
          `The system changes from ${before.system} to ${after.system}: the data of ${before.system} is left behind.`,
        ]
      : []),
  ];
}

/** Returns the values of both records by key, sorted. */
function pairs<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
): [string, T | undefined, T | undefined][] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.map((key) => [key, before[key], after[key]]);
}
