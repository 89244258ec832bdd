import { available } from "./available.ts";
import { credentials } from "./credentials.ts";
import { derive } from "./derive.ts";
import { ingress } from "./ingress.ts";
import { networks } from "./networks.ts";
import { omit } from "./omit.ts";
import { overrides } from "./overrides.ts";
import type { Pass } from "./pass.ts";
import { publish } from "./publish.ts";
import { soak } from "./soak.ts";
import { startOrder } from "./start-order.ts";

/** The way from a system's templates to its finished services, in this order. */
export const passes: readonly Pass[] = [
  // Puts every service on the one network of a system that has one.
  networks,
  // Adds a gateway and an ingress in front of published applications.
  ingress,
  // Adds a job per routed service that watches each new revision.
  soak,
  // Leaves out what the image source cannot offer.
  available,
  // Applies the user's settings. No other pass does.
  overrides,
  // Gives the published ports to the ingress, and published stores a network that can publish.
  publish,
  // Leaves out what has nothing to do after all.
  omit,
  // Lets every holder of a store's password wait until the store knows it.
  credentials,
  // Forgets dependencies on services that are not there, and refuses circles.
  startOrder,
  // Fills in what depends on the finished list: files, alerts, dashboards.
  derive,
];
