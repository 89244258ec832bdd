import type { CatalogueImage } from "../spec/image.ts";

/** The Python that applications are built on. */
export const pythonCatalogueImage: CatalogueImage = {
  name: "python",
  reference: "python:3.13-slim-trixie",
  user: "0:0",
  standIn: { folder: "dockerfiles/python" },
};

export const pythonImage = { from: "catalogue", image: pythonCatalogueImage } as const;
