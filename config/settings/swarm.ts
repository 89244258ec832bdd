import { z } from "zod";
import { group, like, optional } from "./kinds.ts";

const nodeLabel = like(
  /^[a-zA-Z0-9][\w.-]*$/,
  "be the name of a label without its value, such as zone. Set it with: docker node update --label-add zone=a <node>",
);

/** `ragdock:swarm`. */
export const swarm = group("How a Swarm runs the stack. Only with `target: swarm`.", {
  encrypted: z
    .boolean()
    .default(false)
    .describe(
      "Encrypts what the services send to each other between nodes. It costs CPU time. A stack that runs must be stopped for a change.",
    ),
  spread: optional(
    "Label of the nodes, such as `zone`. Replicas are spread over its values first, and then over the nodes.",
    nodeLabel,
  ),
  ingressNodes: optional(
    "Label of the nodes that publish ports, such as `public`: those where it is `true`. By default each node does.",
    nodeLabel,
  ),
});
