/** Something that is wrong with a stack. */
export interface Finding {
  /** The service with the problem. */
  readonly service: string;
  /** The problem, in one sentence. */
  readonly problem: string;
  /** The lines that show it. */
  readonly evidence: readonly string[];
  /** The next command, or what to do. */
  readonly next: string;
}

/** Formats a finding: the problem, and below it the evidence and the next step. */
export const told = ({ problem, evidence, next }: Finding): string =>
  [problem, ...evidence.map((line) => `  ${line}`), `  Next: ${next}`].join("\n");
