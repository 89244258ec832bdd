/** Something a person can mend: what happened, and what to do. Printed without a stack trace. */
export class Failure extends Error {
  readonly advice: string;

  constructor(what: string, advice: string) {
    super(what);
    this.name = "Failure";
    this.advice = advice;
  }
}
