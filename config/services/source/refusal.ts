/** Why a folder cannot be built without a Dockerfile. */
export interface Refusal {
  /** The setting that is wrong, without the path of the application: `source` or `module`. */
  readonly setting: string;
  readonly found: string;
  readonly why: string;
  /** A value of the setting that fixes it. */
  readonly value?: string;
  /** What to do, if no value of the setting fixes it. */
  readonly fix?: string;
}

export const isRefusal = <T extends object>(result: T | Refusal): result is Refusal => "why" in result;
