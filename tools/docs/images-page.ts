import { images } from "../../config/images.ts";
import { type CatalogueImage, declaredPorts, declaredVolumes, programsOf } from "../../config/spec/image.ts";
import { type Parts, table } from "../markdown.ts";

/** Returns the facts about the official images, from the catalogue. */
export const imagesPage = (): Parts => ({
  images: table(
    ["image", "user", "starts as", "built on", "shell", "wget, curl", "programs", "entrypoint", "read in"],
    images.map((image) => [`\`${image.reference}\``, ...facts(image)]),
  ),
  paths: table(
    ["image", "configuration", "data", "port"],
    images.map((image) => [`\`${image.name}\``, ...paths(image)]),
  ),
});

function facts(image: CatalogueImage): string[] {
  const { user, official, wrapped } = image;
  const has = programsOf(image);
  const added = wrapped ? `, with \`${wrapped.base}\` added here` : "";
  const entrypoint = official.entrypoint ? `\`${official.entrypoint.join(" ")}\`` : "none";
  return [
    user,
    official.startsAs ?? "this user",
    `${official.base}${added}`,
    some(["bash", "sh"].filter((shell) => has.has(shell))),
    some(["wget", "curl"].filter((client) => has.has(client))),
    some(official.programs ?? []),
    entrypoint + (official.runsCommands ? ", runs any command" : ""),
    official.sources.map((source) => `\`${source}\``).join("<br>"),
  ];
}

function paths(image: CatalogueImage): string[] {
  const { configPath, dataPath, port } = image;
  const declared = (value: unknown, all: readonly unknown[]): string =>
    value === undefined ? "–" : `\`${value}\`${all.includes(value) ? "" : ", not declared"}`;
  return [
    configPath ? `\`${configPath}\`` : "–",
    declared(dataPath, declaredVolumes(image)),
    declared(port, declaredPorts(image)),
  ];
}

const some = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ") || "none";
