import type { Folder } from "./folder.ts";
import { recogniseNode } from "./node.ts";
import { recognisePython } from "./python.ts";
import type { Recognised, Request } from "./recognised.ts";
import { isRefusal, type Refusal } from "./refusal.ts";

/** Recognises what a folder without a Dockerfile contains. */
export function recognise(folder: Folder, request: Request): Recognised | Refusal {
  const result = recognisePython(folder, request) ?? recogniseNode(folder, request) ?? unknown(folder);
  if (isRefusal(result) || !folder.has(".env") || folder.has(".dockerignore")) return result;
  return {
    ...result,
    says: `${result.says}, without its .env (set \`envFile\` for variables that are not secrets)`,
  };
}

/** The files that name the packages of an application. */
const manifests = ["Dockerfile", "requirements.txt", "pyproject.toml", "package.json"];

function unknown(folder: Folder): Refusal {
  const inside = ["backend", "app", "src", "server", "api"].find((name) =>
    manifests.some((file) => folder.has(`${name}/${file}`)),
  );
  const why = `the folder has none of ${manifests.join(", ")}`;
  if (inside)
    return { setting: "source", found: `${inside}/`, why, fix: `Set source to that folder: …/${inside}` };
  const hasPython = folder.pythonFiles().length > 0;
  const fix = hasPython
    ? "Add a requirements.txt with the packages that the application imports. An empty one is valid."
    : "Add one of them: docs/guide/own-application.md shows what is recognised.";
  return { setting: "source", found: hasPython ? "Python files only" : "", why, fix };
}
