import type { BaseImage, Built, CatalogueImage } from "../spec/image.ts";
import { pythonCatalogueImage, pythonImage } from "./python.ts";
import { nodeVersions } from "./source/node.ts";
import { pythonVersions } from "./source/python.ts";

/** The Node image that own applications without a Dockerfile are built on. */
export const nodeCatalogueImage: CatalogueImage = {
  name: "node",
  reference: "node:24.19.0-trixie-slim",
  user: "0:0",
  official: {
    sources: ["nodejs/docker-node@0028312:24/trixie-slim/Dockerfile"],
    base: "debian",
    programs: ["node", "npm", "npx"],
    entrypoint: ["docker-entrypoint.sh"],
    runsCommands: true,
  },
  standIn: { folder: "dockerfiles/node", entrypoint: [] },
};

/** The versions that `images: packages` has: that of Debian, and that on PyPI. */
export const packagedVersion = { python: pythonVersions[0], node: nodeVersions[0] } as const;

/** A catalogue image with another version, which only registries have. */
const withVersion = (image: CatalogueImage, version: string): CatalogueImage => ({
  ...image,
  name: `${image.name}-${version.replace(".", "-")}`,
  argument: image.name,
  reference: `${image.name}:${version}-${image.name === "python" ? "slim-trixie" : "trixie-slim"}`,
  standIn: {
    unavailable: `the packages have ${image.name} ${packagedVersion[image.name as "python" | "node"]} only`,
  },
});

/** The images that an application without a Dockerfile is built on. */
export function languageImages(language: "python" | "node", version: string): readonly BaseImage[] {
  const isDefault = version === packagedVersion[language];
  if (language === "node") {
    const image = isDefault ? nodeCatalogueImage : withVersion(nodeCatalogueImage, version);
    return [{ from: "catalogue", image }];
  }
  if (isDefault) return [pythonImage, applicationBuilder];
  const python = { from: "catalogue", image: withVersion(pythonCatalogueImage, version) } as const;
  const name = `${applicationBuilder.name}-${version.replace(".", "-")}`;
  return [python, { ...applicationBuilder, name, argument: applicationBuilder.name, bases: [python] }];
}

/** Compilers, uv and the servers of Python applications. */
const applicationBuilder: Built = {
  from: "build",
  name: "application-builder",
  context: "dockerfiles/application-builder",
  dockerfile: "dockerfiles/application-builder/Dockerfile",
  bases: [pythonImage],
};
