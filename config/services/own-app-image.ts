import type { ImageSource } from "../spec/image.ts";
import { languageImages } from "./language-images.ts";
import type { OwnApp } from "./own-app-settings.ts";
import { hasFile, projectPath } from "./project-files.ts";
import { pythonImage } from "./python.ts";
import { folderAt } from "./source/folder.ts";
import { recognise } from "./source/recognise.ts";
import type { Recognised } from "./source/recognised.ts";
import { isRefusal, type Refusal } from "./source/refusal.ts";
import { portPlace } from "./source/servers.ts";

/** The Dockerfile in the folder of an application. */
export const dockerfileOf = ({ build }: OwnApp): string => build?.dockerfile ?? "Dockerfile";

/** Whether the folder has no Dockerfile, so that its content decides the build. */
export const isRecognised = (app: OwnApp): boolean =>
  app.source !== undefined && hasFile(app.source) && !hasFile(app.source, dockerfileOf(app));

/** What the folder of an application contains. Undefined if that does not decide the build. */
export function contentOf(app: OwnApp): Recognised | Refusal | undefined {
  const { source = "", module, build, command } = app;
  if (!isRecognised(app)) return undefined;
  return recognise(folderAt(projectPath(source)), {
    module,
    python: build?.python,
    torchBackend: build?.args?.TORCH_BACKEND,
    isServed: command === undefined,
  });
}

/** What was recognised, for an application that can be built. */
function recognised(app: OwnApp): Recognised | undefined {
  const content = contentOf(app);
  return content && !isRefusal(content) ? content : undefined;
}

/** Whether Ragdock decides the command: neither a Dockerfile nor the settings say what to run. */
export const isServed = (app: OwnApp): boolean => isRecognised(app) && app.command === undefined;

/** The command of an application. Undefined if its image has one. */
export const commandOf = (app: OwnApp): readonly string[] | undefined =>
  app.command ?? recognised(app)?.command?.map((word) => withPort(word, app));

/** The variables that the recognised framework reads. */
export const frameworkVariables = (app: OwnApp): Record<string, string> =>
  Object.fromEntries(
    Object.entries(recognised(app)?.environment ?? {}).map(([name, value]) => [name, withPort(value, app)]),
  );

const withPort = (text: string, { port }: OwnApp): string => text.replace(portPlace, String(port));

/**
 * The image of an application: pulled, built with the folder's own Dockerfile, or built as
 * recognised.
 */
export function imageOf(app: OwnApp): ImageSource {
  const { image, source = ".", build, imageName, imageFolders } = app;
  if (image) return { from: "reference", reference: image };
  const common = { from: "build", name: imageName, context: source } as const;
  const content = recognised(app);
  if (!content)
    return {
      ...common,
      dockerfile: `${source}/${dockerfileOf(app)}`,
      bases: [pythonImage],
      ...(build?.target ? { target: build.target } : {}),
      ...(build?.args ? { args: build.args } : {}),
    };
  // A folder's own list of ignored files replaces ours.
  const file = hasFile(source, ".dockerignore") ? "Dockerfile" : "default-ignore.Dockerfile";
  return {
    ...common,
    dockerfile: `dockerfiles/${content.language}-application/${file}`,
    bases: languageImages(content.language, content.version),
    args: {
      ...content.args,
      ...(build?.packages ? { PACKAGES: [...build.packages].sort().join(" ") } : {}),
      ...(imageFolders.length > 0 ? { FOLDERS: imageFolders.join(" ") } : {}),
    },
    says: content.says,
  };
}
