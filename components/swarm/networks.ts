import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { declaredNetworks, outsideNetwork, wayOutOf } from "../../config/spec/networks.ts";
import type { ServiceSpec, SystemSpec } from "../../config/spec/service.ts";
import { fullName, labels, ownerLabel, type StackName } from "../../config/spec/stack.ts";
import { encryptedOption } from "../../config/spec/swarm.ts";

export interface OverlayArgs extends StackName {
  readonly system: SystemSpec;
  /** The user and the machine that deploy. */
  readonly deployer: string;
}

/**
 * Ids of the overlay networks of a system, by short name. They are attachable, because jobs are
 * ordinary containers.
 */
export const declareOverlays = (
  args: OverlayArgs,
  parent: pulumi.Resource,
): Record<string, pulumi.Output<string>> =>
  Object.fromEntries(
    Object.entries(declaredNetworks(args.system)).map(([part, { internal }]) => {
      const name = fullName(args, part);
      const network = new docker.Network(
        name,
        {
          name,
          driver: "overlay",
          attachable: true,
          internal,
          ...(args.system.swarm.encrypted ? { options: { [encryptedOption]: "" } } : {}),
          labels: labels(args, { [ownerLabel]: args.deployer }),
        },
        // Swarm adds the number of the network to its options. host/swarm.ts refuses another encryption.
        { parent, deleteBeforeReplace: true, ignoreChanges: ["labels", "options"] },
      );
      return [part, network.id];
    }),
  );

/** The networks as one service sees them: its way out has the name that every service uses. */
export const networksFor = (
  { name }: ServiceSpec,
  networks: Readonly<Record<string, pulumi.Input<string>>>,
): Readonly<Record<string, pulumi.Input<string>>> => {
  const own = networks[wayOutOf(name)];
  return own === undefined ? networks : { ...networks, [outsideNetwork]: own };
};
