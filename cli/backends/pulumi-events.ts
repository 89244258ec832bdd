import type { EngineEvent as PulumiEvent } from "@pulumi/pulumi/automation/index.js";
import type { EngineEvent, Op, Properties, PropertyDiff, RunResult, Step } from "../../engine/index.ts";
import { differences, nameOf, STACK_TYPE, typeOfUrn } from "../../engine/index.ts";

type Metadata = NonNullable<PulumiEvent["resOutputsEvent"]>["metadata"];
type Diagnostic = NonNullable<PulumiEvent["diagnosticEvent"]>;

/**
 * Pulumi's operations, as the embedded engine names them. The logical step `replace` does nothing
 * by itself.
 */
const ops: Readonly<Record<string, Op>> = {
  same: "same",
  create: "create",
  update: "update",
  delete: "delete",
  read: "read",
  "create-replacement": "replace",
};

/** A run of Pulumi: takes its events, and sums them up at the end. */
export interface PulumiRun {
  readonly event: (event: PulumiEvent) => void;
  result(failure: string | undefined): RunResult;
}

/** Turns Pulumi's events into those of the embedded engine. */
export function pulumiRun(emit: (event: EngineEvent) => void): PulumiRun {
  const steps: Step[] = [];
  const errors: string[] = [];
  const began = Date.now();
  const started = new Map<string, number>();
  const took = (urn: string): number => {
    const since = started.get(urn);
    started.delete(urn);
    return since === undefined ? 0 : (Date.now() - since) / 1000;
  };
  const begin = ({ urn, op }: Metadata): void => {
    const known = ops[op];
    if (!known || known === "same" || known === "read") return;
    started.set(urn, Date.now());
    emit({ kind: "start", op: known, ...subjectOf(urn) });
  };
  const end = (metadata: Metadata): void => {
    const op = ops[metadata.op];
    if (!op) return;
    const subject = subjectOf(metadata.urn);
    const diff = op === "update" || op === "replace" ? diffOf(metadata) : [];
    steps.push({ ...subject, op, diff });
    emit({ kind: "done", op, seconds: took(metadata.urn), diff, ...subject });
  };
  const fail = ({ urn, op }: Metadata): void =>
    emit({ kind: "failed", op: ops[op] ?? "update", seconds: took(urn), message: "", ...subjectOf(urn) });
  const diagnose = ({ urn, message, severity, ephemeral }: Diagnostic): void => {
    const text = message.replaceAll(/<\{%[^%]*%\}>/g, "").trim();
    if (ephemeral || text === "") return;
    if (severity === "error") errors.push(urn ? `${nameOf(urn)} (${typeOfUrn(urn)}): ${text}` : text);
    // What the program prints belongs to the stack.
    const about = urn && typeOfUrn(urn) !== STACK_TYPE ? { urn } : {};
    emit({ kind: "log", severity: severity === "info#err" ? "debug" : severity, message: text, ...about });
  };
  return {
    event: (event) => {
      if (event.resourcePreEvent) begin(event.resourcePreEvent.metadata);
      if (event.resOutputsEvent) end(event.resOutputsEvent.metadata);
      if (event.resOpFailedEvent) fail(event.resOpFailedEvent.metadata);
      if (event.diagnosticEvent) diagnose(event.diagnosticEvent);
    },
    result: (failure) => {
      const changes = { same: 0, create: 0, update: 0, replace: 0, delete: 0, retain: 0, read: 0 };
      for (const { op } of steps) changes[op]++;
      return {
        ok: failure === undefined,
        changes,
        steps,
        outputs: {},
        secretOutputs: [],
        errors: failure !== undefined && errors.length === 0 ? [failure] : errors,
        seconds: (Date.now() - began) / 1000,
      };
    },
  };
}

const subjectOf = (urn: string) => ({ urn, type: typeOfUrn(urn), name: nameOf(urn) });

/**
 * The changed inputs, down to single values. Pulumi has masked the secrets, and writes null for an
 * empty list or map.
 */
function diffOf({ old, new: next, keys, detailedDiff }: Metadata): PropertyDiff[] {
  const detailed = Object.entries(detailedDiff ?? {}).filter(([, { diffKind }]) =>
    diffKind.endsWith("-replace"),
  );
  const replacing = [...(keys ?? []), ...detailed.map(([path]) => path)];
  const replaces = (path: string): boolean =>
    replacing.some((key) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`));
  return differences((old?.inputs ?? {}) as Properties, (next?.inputs ?? {}) as Properties, replaces);
}
