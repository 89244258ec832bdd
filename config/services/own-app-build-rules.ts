import type { Settings } from "../settings/schema.ts";
import { setCommand, toRun } from "../spec/message.ts";
import { type Problem, problem, withoutEffect } from "../spec/problem.ts";
import { packagedVersion } from "./language-images.ts";
import { contentOf, isRecognised } from "./own-app-image.ts";
import type { OwnApp } from "./own-app-settings.ts";
import type { Recognised } from "./source/recognised.ts";
import { isRefusal, type Refusal } from "./source/refusal.ts";

/** Problems of how the image of an application is built. */
export function wrongBuild(app: OwnApp, { images }: Pick<Settings, "images">): Problem[] {
  const { build, image, setting } = app;
  if (image)
    return Object.keys(build ?? {}).map((key) =>
      withoutEffect(`${setting}.build.${key}`, "`image` names an image, so nothing is built"),
    );
  const content = contentOf(app);
  if (!content) return uselessWith(app);
  if (isRefusal(content)) return [refused(app, content)];
  return [...uselessWithout(app, content), ...wrongVersion(app, content, images)];
}

function refused({ setting, source }: OwnApp, refusal: Refusal): Problem {
  const path = `${setting}.${refusal.setting}`;
  const found = refusal.found || `"${source}"`;
  const fix =
    refusal.value === undefined ? (refusal.fix ?? "") : `${toRun}${setCommand(path, refusal.value)}`;
  return problem(
    path,
    found,
    refusal.why,
    `${fix}${refusal.setting === "module" ? "; or add a Dockerfile" : ""}`,
  );
}

/** Settings that have no effect without a Dockerfile, or on this application. */
function uselessWithout({ setting, build = {} }: OwnApp, { language, args }: Recognised): Problem[] {
  const node = language === "node" ? "it is a Node application" : undefined;
  const reasons = {
    ...(build.target === undefined ? {} : { target: "the folder has no Dockerfile" }),
    ...(build.python !== undefined && node ? { python: node } : {}),
    ...Object.fromEntries(
      Object.keys(build.args ?? {}).flatMap((name) => {
        if (name !== "TORCH_BACKEND") return [[`args.${name}`, "the folder has no Dockerfile"]];
        return name in args ? [] : [[`args.${name}`, node ?? "the lock file of its packages decides this"]];
      }),
    ),
  };
  return Object.entries(reasons).map(([key, why]) => withoutEffect(`${setting}.build.${key}`, why));
}

/** Settings that only the build without a Dockerfile has. */
function uselessWith(app: OwnApp): Problem[] {
  const { setting, build } = app;
  if (isRecognised(app)) return [];
  return (["python", "packages"] as const)
    .filter((key) => build?.[key] !== undefined)
    .map((key) =>
      withoutEffect(`${setting}.build.${key}`, "the folder has a Dockerfile, which decides this"),
    );
}

/** A version that only registries have. */
function wrongVersion(
  app: OwnApp,
  { language, version, says }: Recognised,
  images: Settings["images"],
): Problem[] {
  const only = packagedVersion[language];
  const isPython = language === "python";
  const python = `${app.setting}.build.python`;
  if (!isPython && app.build?.python !== undefined)
    return [withoutEffect(python, "it is a Node application")];
  if (images === "registry" || version === only) return [];
  const name = isPython ? "Python" : "Node";
  const where = isPython ? "that of Debian" : "that on PyPI";
  const why = `\`images: packages\` has ${name} ${only} only, ${where}`;
  const other = isPython ? `or, if it also runs on ${only}: ${setCommand(python, `'"${only}"'`)}` : "";
  const fix = [`${toRun}${setCommand("images", "registry")}`, other].filter(Boolean).join("; ");
  const found = says.split(", ").at(-1) ?? "";
  return [problem(isPython ? python : `${app.setting}.source`, found, why, fix)];
}
