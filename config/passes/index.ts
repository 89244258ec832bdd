import { available } from "./available.ts";
import { derive } from "./derive.ts";
import { external } from "./external.ts";
import { ingress } from "./ingress.ts";
import { networks } from "./networks.ts";
import { omit } from "./omit.ts";
import { overrides } from "./overrides.ts";
import type { Pass } from "./pass.ts";
import { publish } from "./publish.ts";
import { recovery } from "./recovery.ts";
import { registry } from "./registry.ts";
import { signIn } from "./sign-in.ts";
import { soak } from "./soak.ts";
import { startOrder } from "./start-order.ts";
import { storeChecks } from "./store-checks.ts";

/** The passes that turn a system's templates into its finished services, in this order. */
export const passes: readonly Pass[] = [
  // Adds a gateway and an ingress in front of published applications.
  ingress,
  // Adds the sign-in in front of everything behind the gateway, if the stack has one.
  signIn,
  // Adds a job per routed service that watches each new revision.
  soak,
  // Adds a registry on a Swarm, if the settings name none.
  registry,
  // Removes services whose images the image source does not have.
  available,
  // Restarts applications that stay unhealthy.
  recovery,
  // Applies the settings under `services`. This is the only pass that does so.
  overrides,
  // Gives the published ports to the ingress.
  publish,
  // Lets the clients of stores outside of the stack wait for their check, and gives them a route out.
  external,
  // Removes derived services that have no work, such as a soak job without a soak.
  omit,
  // Makes every service with a store's password depend on the job that creates its user. Removes
  // dependencies on services that do not exist. Refuses circular dependencies.
  startOrder,
  // Removes the check from outside of stores that an exporter watches.
  storeChecks,
  // Puts each service on the networks over which it calls others or is called.
  networks,
  // Fills in what depends on the finished list: files, alerts, dashboards.
  derive,
];
