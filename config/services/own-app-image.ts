import type { ImageSource } from "../spec/image.ts";
import type { OwnApp } from "./own-app-settings.ts";
import { hasFile } from "./project-files.ts";
import { pythonImage } from "./python.ts";

/** The Dockerfile in the folder of an application. */
export const dockerfileOf = ({ build }: OwnApp): string => build?.dockerfile ?? "Dockerfile";

/** Whether the folder has no Dockerfile, so that Ragdock's own builds a Python application of it. */
export const isPythonFolder = (app: OwnApp): boolean =>
  app.source !== undefined && !hasFile(app.source, dockerfileOf(app));

/** The application that uvicorn serves unless `module` is set. */
const defaultModule = "main:app";

/** Whether uvicorn serves the application: neither a Dockerfile nor a command says what to run. */
export const servesByModule = (app: OwnApp): boolean => isPythonFolder(app) && app.command === undefined;

/** The command of an application. Undefined if its image has one. */
export function commandOf(app: OwnApp): readonly string[] | undefined {
  if (!servesByModule(app)) return app.command;
  return ["uvicorn", app.module ?? defaultModule, "--host", "0.0.0.0", "--port", String(app.port)];
}

/**
 * Built with the folder's own Dockerfile if it has one. Both image modes have the Python that it
 * builds on.
 */
export function imageOf(app: OwnApp): ImageSource {
  const { image, source = ".", build, imageName } = app;
  if (image) return { from: "reference", reference: image };
  return {
    from: "build",
    name: imageName,
    context: source,
    dockerfile: isPythonFolder(app) ? "dockerfiles/fastapi/Dockerfile" : `${source}/${dockerfileOf(app)}`,
    bases: [pythonImage],
    ...(build?.target ? { target: build.target } : {}),
    ...(build?.args ? { args: build.args } : {}),
  };
}
