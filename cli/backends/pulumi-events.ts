import type { EngineEvent as PulumiEvent } from "@pulumi/pulumi/automation/index.js";
import {
  differences,
  type EngineEvent,
  nameOf,
  type Op,
  type Properties,
  type PropertyDiff,
  type RunResult,
  type Step,
  typeOfUrn,
} from "../../engine/index.ts";

type Metadata = NonNullable<PulumiEvent["resOutputsEvent"]>["metadata"];

/** Pulumi's operations, as the embedded engine names them. The logical step `replace` does nothing by itself. */
const ops: Readonly<Record<string, Op>> = {
  same: "same",
  create: "create",
  update: "update",
  delete: "delete",
  read: "read",
  "create-replacement": "replace",
};

/** Turns Pulumi's events into those of the embedded engine, and sums them up. */
export class PulumiRun {
  private readonly steps: Step[] = [];
  private readonly errors: string[] = [];
  private readonly began = Date.now();
  private readonly started = new Map<string, number>();
  private readonly emit: (event: EngineEvent) => void;

  constructor(emit: (event: EngineEvent) => void) {
    this.emit = emit;
  }

  readonly event = (event: PulumiEvent): void => {
    if (event.resourcePreEvent) this.begin(event.resourcePreEvent.metadata);
    if (event.resOutputsEvent) this.end(event.resOutputsEvent.metadata);
    if (event.resOpFailedEvent) this.fail(event.resOpFailedEvent.metadata);
    if (event.diagnosticEvent) this.diagnose(event.diagnosticEvent);
  };

  result(failure: string | undefined): RunResult {
    const changes: RunResult["changes"] = {
      same: 0,
      create: 0,
      update: 0,
      replace: 0,
      delete: 0,
      retain: 0,
      read: 0,
    };
    for (const { op } of this.steps) changes[op]++;
    const errors = failure !== undefined && this.errors.length === 0 ? [failure] : this.errors;
    const seconds = (Date.now() - this.began) / 1000;
    return {
      ok: failure === undefined,
      changes,
      steps: this.steps,
      outputs: {},
      secretOutputs: [],
      errors,
      seconds,
    };
  }

  private begin({ urn, op }: Metadata): void {
    const known = ops[op];
    if (!known || known === "same" || known === "read") return;
    this.started.set(urn, Date.now());
    this.emit({ kind: "start", op: known, ...subjectOf(urn) });
  }

  private end(metadata: Metadata): void {
    const op = ops[metadata.op];
    if (!op) return;
    const diff = op === "update" || op === "replace" ? diffOf(metadata) : [];
    this.steps.push({ ...subjectOf(metadata.urn), op, diff });
    this.emit({ kind: "done", op, seconds: this.took(metadata.urn), diff, ...subjectOf(metadata.urn) });
  }

  private fail({ urn, op }: Metadata): void {
    const seconds = this.took(urn);
    this.emit({ kind: "failed", op: ops[op] ?? "update", seconds, message: "", ...subjectOf(urn) });
  }

  private diagnose({ urn, message, severity, ephemeral }: NonNullable<PulumiEvent["diagnosticEvent"]>): void {
    const text = message.replaceAll(/<\{%[^%]*%\}>/g, "").trim();
    if (ephemeral || text === "") return;
    if (severity === "error") this.errors.push(urn ? `${nameOf(urn)} (${typeOfUrn(urn)}): ${text}` : text);
    this.emit({ kind: "log", severity: severity === "info#err" ? "info" : severity, message: text });
  }

  private took(urn: string): number {
    const began = this.started.get(urn);
    this.started.delete(urn);
    return began === undefined ? 0 : (Date.now() - began) / 1000;
  }
}

const subjectOf = (urn: string) => ({ urn, type: typeOfUrn(urn), name: nameOf(urn) });

/** The changed inputs, down to single values. Pulumi has masked the secrets, and writes null for an empty list or map. */
function diffOf({ old, new: next, keys, detailedDiff }: Metadata): PropertyDiff[] {
  const replacing = [
    ...(keys ?? []),
    ...Object.entries(detailedDiff ?? {})
      .filter(([, { diffKind }]) => diffKind.endsWith("-replace"))
      .map(([path]) => path),
  ];
  const replaces = (path: string): boolean =>
    replacing.some((key) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`));
  return differences((old?.inputs ?? {}) as Properties, (next?.inputs ?? {}) as Properties, replaces);
}
