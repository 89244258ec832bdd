import type { Severity } from "../pulumi/log.ts";
import type { PropertyDiff } from "../pulumi/paths.ts";
import { nameOf, typeOfUrn } from "../pulumi/urn.ts";
import type { EngineEvent, Op, RunResult, Step, Subject } from "./types.ts";

const NONE: Record<Op, number> = { same: 0, create: 0, update: 0, replace: 0, delete: 0, retain: 0, read: 0 };

/** Collects the steps of a run, and emits events for them. */
export class Report {
  readonly steps: Step[] = [];
  readonly errors: string[] = [];
  readonly #emit: (event: EngineEvent) => void;
  readonly #began = Date.now();
  /** The start of the work on each resource, in milliseconds since 1970. */
  readonly #started = new Map<string, number>();

  constructor(onEvent: ((event: EngineEvent) => void) | undefined) {
    this.#emit = onEvent ?? (() => undefined);
  }

  /**
   * Reports the start of provider work once, even if the work needs several calls to the provider.
   */
  start(urn: string, op: Op): void {
    if (this.#started.has(urn)) return;
    this.#started.set(urn, Date.now());
    this.#emit({ kind: "start", op, ...subject(urn) });
  }

  /** Records a finished step. */
  done(urn: string, op: Op, diff: PropertyDiff[] = []): void {
    this.steps.push({ ...subject(urn), op, diff });
    this.#emit({ kind: "done", op, seconds: this.#took(urn), diff, ...subject(urn) });
  }

  /** Reports finished work that belongs to a step which is already counted. */
  partDone(urn: string, op: Op): void {
    this.#emit({ kind: "done", op, seconds: this.#took(urn), diff: [], ...subject(urn) });
  }

  failed(urn: string, op: Op, message: string): void {
    this.errors.push(`${nameOf(urn)} (${typeOfUrn(urn)}): ${message}`);
    this.#emit({ kind: "failed", op, seconds: this.#took(urn), message, ...subject(urn) });
  }

  log(severity: Severity, message: string, urn?: string): void {
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

  #took(urn: string): number {
    const began = this.#started.get(urn);
    this.#started.delete(urn);
    return began === undefined ? 0 : since(began);
  }
}

function subject(urn: string): Subject {
  return { urn, type: typeOfUrn(urn), name: nameOf(urn) };
}

function since(began: number): number {
  return (Date.now() - began) / 1000;
}
