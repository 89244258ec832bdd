import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const config = new pulumi.Config();
const image = config.require("image");
const password = new random.RandomPassword("password", { length: 20, special: false });
const network = new docker.Network("net", { driver: "bridge" });
const container = new docker.Container("box", {
  image,
  command: ["sleep", "600"],
  envs: [pulumi.interpolate`PASSWORD=${password.result}`, `GREETING=${config.get("greeting") ?? "hello"}`],
  networksAdvanced: [{ name: network.name, aliases: ["box"] }],
  destroyGraceSeconds: 1,
});

export const name = container.name;
export const secretWord = password.result;
export const networkName = network.name;
