import type { Built } from "../spec/image.ts";
import { pythonBases } from "./python.ts";

/** The image of the services that stand next to the ingress. The command selects one of them. */
export const frontDoorImage: Built = {
  from: "build",
  name: "front-door",
  context: "front-door",
  dockerfile: "dockerfiles/front-door/Dockerfile",
  bases: pythonBases,
};

/** The group is nginx', which reads the certificates. */
export const frontDoorUser = "10001:101";
