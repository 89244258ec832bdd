import type { Problem } from "../../config/spec/problem.ts";
import type { Finding } from "../../policies/findings.ts";

/** A container as the program declares it. */
export interface DeclaredContainer {
  readonly service: string;
  readonly kind: "stateful" | "stateless" | "job";
  /**
   * Whether a replacement stops the old container first, because it has a volume or a port of the
   * host.
   */
  readonly stopsFirst: boolean;
  /**
   * Whether users do not notice when its service is down for a moment, because it only monitors
   * others, or renews certificates.
   */
  readonly watches: boolean;
  /** The inputs of Pulumi's resource, with names in place of secrets. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The resources that the settings of one stack declare, as plain data. */
export interface Description {
  readonly system: string;
  readonly environment: string;
  readonly containers: Readonly<Record<string, DeclaredContainer>>;
  /** Inputs of the networks, volumes, images and generated secrets, by kind and name. */
  readonly others: Readonly<
    Record<"network" | "volume" | "image" | "secret", Readonly<Record<string, unknown>>>
  >;
  /** What was recognised in folders without a Dockerfile, by image. Older revisions have none. */
  readonly builds?: Readonly<Record<string, string>>;
  /** Published ports by service: `port 8080, this host only`. */
  readonly ports: Readonly<Record<string, readonly string[]>>;
  /** The major version of the data in each PostgreSQL server, by service. */
  readonly postgres: Readonly<Record<string, string>>;
  /** Memory limits × replicas, in MiB, and CPUs × replicas, of services that stay up. */
  readonly memory: number;
  readonly cpus: number;
  /** Alerts by name, with their condition. */
  readonly alerts: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
  /** The rules of policies/ that the settings break. */
  readonly findings: readonly Finding[];
}

/** The description of a stack that does not exist. */
export const nothing: Description = {
  system: "",
  environment: "",
  containers: {},
  others: { network: {}, volume: {}, image: {}, secret: {} },
  ports: {},
  postgres: {},
  memory: 0,
  cpus: 0,
  alerts: {},
  problems: [],
  findings: [],
};
