import { Healthcheck } from "../spec/healthcheck.ts";
import type { Built } from "../spec/image.ts";
import { pythonBases } from "./python.ts";

/** The image of the services that stand next to the ingress. The command selects the service. */
export const frontDoorImage: Built = {
  from: "build",
  name: "front-door",
  context: "front-door",
  dockerfile: "dockerfiles/front-door/Dockerfile",
  bases: pythonBases,
};

/** The health check of a service of this image. It imports nothing but the library's own client. */
export const frontDoorCheck = (name: string, port: number): Healthcheck => {
  const ask = `from ragkit.probe import ask; raise SystemExit(ask("${name}", ${port}, "/healthz"))`;
  return Healthcheck.command(["python3", "-c", ask]);
};

/** The group is that of nginx, which reads the certificates. */
export const frontDoorUser = "10001:101";
