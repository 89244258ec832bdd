/** The settings of containers that own applications and the services of a system have in common. */
import { z } from "zod";
import { appSecrets } from "./app-secrets.ts";
import { appHost } from "./ingress.ts";
import { like, optional, text, variables } from "./kinds.ts";

/** The words of a command line. */
export const words = z.array(text).min(1);

const address = z.union([z.ipv4(), z.ipv6(), z.literal("host-gateway")], {
  error: "must be an IP address, or host-gateway for the Docker host",
});

export const container = {
  user: optional(
    "User that it runs as, as `uid:gid`. By default the image decides.",
    like(/^\d+:\d+$/, "be a user and a group by number, such as 10001:10001"),
  ),
  secrets: optional(
    "Variables with secrets: `generate` makes a random value and keeps it. `ask` takes the value that you set with `make secret KEY=<variable>`. A text can contain `{{secret:<name>}}`. Applications with the same variable get the same value.",
    appSecrets,
  ),
  extraHosts: optional(
    "More host names and their addresses: `{ db.example.org: 10.0.0.5 }`. `host-gateway` is the Docker host.",
    z.record(appHost, address),
  ),
};

export const entrypoint = optional(
  "Program that starts the container. It gets `command` as its arguments. By default the command of the image.",
  words,
);

/** Build arguments are shown, like environment variables. */
export const buildArguments = variables;

const alias = like(
  /^(?!localhost$)[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/,
  "be a name of lower-case letters, digits, - and _, such as mnemo-postgres",
);

export const aliases = z.array(alias).min(1);
