import { textOf } from "./tree.ts";
import { always, improved, type Rule, type Rules, taken, unsupported } from "./verdict.ts";

const driver: Rule = (value) =>
  textOf(value) === "local" || textOf(value) === undefined
    ? taken("Docker keeps volumes on this host.")
    : unsupported("Ragdock's volumes are on the Docker host.");

/** Rules for the top-level keys of a project. */
export const topRules: Rules = {
  version: always(taken("Compose ignores it.")),
  name: always(
    improved("The name of the stack is part of the names of its containers, networks and volumes."),
  ),
  "include[]": always(taken("The services of the file have their own lines.")),
  "volumes.*": always(taken("A volume of the stack.")),
  "volumes.*.driver": driver,
  "volumes.*.name": always(
    improved("The name starts with the names of the project and the stack. Copy existing data once."),
  ),
  "volumes.*.external": always(unsupported("Ragdock uses its own volumes. Copy the data once.")),
  "volumes.*.driver_opts": always(unsupported("Ragdock's volumes are on the Docker host.")),
  "networks.*": always(
    improved("Ragdock gives a service the networks of the services that it calls, and no other."),
  ),
  "networks.*.external": always(
    unsupported("Services of other projects cannot be reached through a network. Publish their ports."),
  ),
  "networks.*.ipam": always(unsupported("Docker chooses the addresses.")),
  "networks.*.driver_opts": always(unsupported("Ragdock sets the options of its networks.")),
  "secrets.*.file": always(taken("The content becomes a secret of the stack.")),
  "secrets.*.environment": always(taken("The value becomes a secret of the stack.")),
  "secrets.*.external": always(unsupported("Set it as a secret of the stack instead.")),
  "configs.*.file": always(taken("The content becomes a file of the settings.")),
  "configs.*.content": always(taken("The content becomes a file of the settings.")),
  "configs.*.environment": always(taken("The value becomes a file of the settings.")),
  "configs.*.external": always(unsupported("Write the content into the settings instead.")),
};
