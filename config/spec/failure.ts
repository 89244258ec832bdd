/**
 * An error that the user can fix: what happened, and how to fix it. It is shown without a stack
 * trace.
 */
export class Failure extends Error {
  readonly advice: string;

  constructor(what: string, advice: string) {
    super(what);
    this.name = "Failure";
    this.advice = advice;
  }
}
