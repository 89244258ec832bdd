import type { EngineEvent, Op, PropertyDiff, RunResult, Step, Subject } from "./types.ts";
import { nameOf, typeOfUrn } from "./urn.ts";

const NONE: Record<Op, number> = { same: 0, create: 0, update: 0, replace: 0, delete: 0, retain: 0, read: 0 };

/** Collects what a run does, and tells it as it happens. */
export class Report {
  readonly steps: Step[] = [];
  readonly errors: string[] = [];
  readonly #emit: (event: EngineEvent) => void;
  readonly #began = Date.now();

  constructor(onEvent: ((event: EngineEvent) => void) | undefined) {
    this.#emit = onEvent ?? (() => undefined);
  }

  /** Says that provider work begins. */
  start(urn: string, op: Op): void {
    this.#emit({ kind: "start", op, ...subject(urn) });
  }

  /** Records a finished step; `began` is when it started, in milliseconds since 1970. */
  done(urn: string, op: Op, began: number, diff: PropertyDiff[] = []): void {
    this.steps.push({ ...subject(urn), op, diff });
    this.#emit({ kind: "done", op, seconds: since(began), diff, ...subject(urn) });
  }

  failed(urn: string, op: Op, began: number, message: string): void {
    this.errors.push(`${nameOf(urn)} (${typeOfUrn(urn)}): ${message}`);
    this.#emit({ kind: "failed", op, seconds: since(began), message, ...subject(urn) });
  }

  log(severity: "info" | "warning" | "error" | "debug", message: string, urn?: string): void {
    if (severity === "error") this.errors.push(message);
    this.#emit({ kind: "log", severity, message, ...(urn ? { urn } : {}) });
  }

  note(message: string): void {
    this.#emit({ kind: "note", message });
  }

  result(outputs: Record<string, unknown> = {}, secretOutputs: string[] = []): RunResult {
    const changes = { ...NONE };
    for (const step of this.steps) changes[step.op]++;
    const { steps, errors } = this;
    return {
      ok: errors.length === 0,
      changes,
      steps,
      outputs,
      secretOutputs,
      errors,
      seconds: since(this.#began),
    };
  }
}

function subject(urn: string): Subject {
  return { urn, type: typeOfUrn(urn), name: nameOf(urn) };
}

function since(began: number): number {
  return (Date.now() - began) / 1000;
}
