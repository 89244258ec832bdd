import type { AccessRule } from "../spec/access.ts";
import type { Built, CatalogueImage } from "../spec/image.ts";

/** The Python image that applications are built on. */
export const pythonCatalogueImage: CatalogueImage = {
  name: "python",
  reference: "python:3.13.15-slim-trixie",
  user: "0:0",
  official: {
    sources: ["docker-library/python@f79aea5:3.13/slim-trixie/Dockerfile"],
    base: "debian",
    programs: ["pip", "python", "python3"],
  },
  standIn: { folder: "dockerfiles/python" },
};

export const pythonImage = { from: "catalogue", image: pythonCatalogueImage } as const;

/** Installs the dependencies of the Python applications, as app/requirements.lock pins them. */
const pythonBuilder: Built = {
  from: "build",
  name: "python-builder",
  context: "app",
  dockerfile: "dockerfiles/python-builder/Dockerfile",
  bases: [pythonImage],
};

const ragkit: Built = {
  from: "build",
  name: "ragkit",
  context: "app/library",
  dockerfile: "dockerfiles/ragkit/Dockerfile",
  bases: [pythonBuilder],
};

/** The images that a Python application of this project is built from. */
export const pythonBases = [pythonImage, pythonBuilder, ragkit] as const;

/** The path to which Streamlit's pages upload files. */
export const streamlitUploads = "/_stcore/upload_file";

/**
 * The files stay in the session of the page. The application's API decides who may add documents.
 */
export const streamlitAccess: AccessRule = { path: streamlitUploads, prefix: true, role: "editor" };

/** The image of a Python application of this project, with the Dockerfile in its own folder. */
export const pythonApp = (name: string, context: string): Built => ({
  from: "build",
  name,
  context,
  dockerfile: `${context}/Dockerfile`,
  bases: pythonBases,
});

/**
 * The image of a folder that has a Dockerfile. `FROM ${PYTHON_IMAGE}` builds on the Python
 * of both image modes.
 */
export const ownImage = (name: string, context: string): Built => ({
  from: "build",
  name,
  context,
  dockerfile: `${context}/Dockerfile`,
  bases: [pythonImage],
});
