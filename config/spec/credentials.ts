import type { Secret } from "./content.ts";

/** A user of a store and its password. */
export interface Login {
  readonly user: Secret;
  readonly password: Secret;
}

/** The logins that the services of a stack have at a store. */
export interface Logins extends Login {
  /** The exporter's login. Within the stack it reads statistics, but no data. */
  readonly monitor: Login;
}

/** The logins of a store of the stack: the clients', the monitor's and the administrator's. */
export interface Credentials extends Logins {
  /** The administrator's password. Only the store and its credentials job have it. */
  readonly admin: Secret;
  /** The job that creates the users of clients and monitor in the store. */
  readonly job: string;
}
