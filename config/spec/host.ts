/** The Docker host, as far as it is known. Values that are unknown are not checked. */
export interface Host {
  readonly memoryMiB?: number;
  readonly cpus?: number;
  /** Its name in URLs. @default localhost */
  readonly name?: string;
}
