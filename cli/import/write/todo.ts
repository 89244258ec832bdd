/** What is left to the user. */
export interface Todo {
  /** The service that it is about. @default the whole stack */
  readonly service?: string;
  readonly text: string;
  /** The command that does it. */
  readonly command?: string;
}
