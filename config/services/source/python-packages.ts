import { parse, type TomlTable } from "smol-toml";
import type { Folder } from "./folder.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import type { Wanted } from "./version.ts";

/** How the packages of a Python application are installed, as dockerfiles/application-builder knows it. */
export type Installer = "requirements" | "uv" | "poetry" | "project";

/** What the files of a Python application say about its packages. */
export interface PythonPackages {
  readonly installer: Installer;
  /** The file with the versions. */
  readonly file: string;
  /** The names of its direct dependencies, in lower case with hyphens. */
  readonly names: ReadonlySet<string>;
  /** The version of Python that it needs. */
  readonly python: Wanted | undefined;
}

/** The packages of a Python application. Undefined if the folder names none. */
export function pythonPackages(folder: Folder): PythonPackages | Refusal | undefined {
  const project = readProject(folder);
  if (isRefusal(project)) return project;
  const installer = installerOf(folder, project);
  if (installer === undefined) return otherTools(folder);
  if (isRefusal(installer)) return installer;
  const requirements = installer[0] === "requirements" ? folder.read("requirements.txt").split("\n") : [];
  const named = [...requirements.filter((line) => /^\s*\w/.test(line)), ...dependenciesOf(project)];
  return {
    installer: installer[0],
    file: installer[1],
    names: new Set(named.map(nameOf)),
    python: wantedPython(folder, project),
  };
}

function readProject(folder: Folder): TomlTable | Refusal {
  try {
    return parse(folder.read("pyproject.toml"));
  } catch (error) {
    const [why = ""] = (error as Error).message.split("\n");
    return {
      setting: "source",
      found: "pyproject.toml",
      why: `it cannot be read: ${why}`,
      fix: "Correct it.",
    };
  }
}

type Installed = readonly [installer: Installer, file: string];

function installerOf(folder: Folder, project: TomlTable): Installed | Refusal | undefined {
  if (folder.has("uv.lock") && "project" in project) return ["uv", "uv.lock"];
  const poetry = tableAt(project, "tool", "poetry");
  if (folder.has("poetry.lock") && (poetry || project.project)) return ["poetry", "poetry.lock"];
  if (folder.has("requirements.txt")) return ["requirements", "requirements.txt"];
  if (project.project) return ["project", "pyproject.toml"];
  if (!poetry) return undefined;
  const why = "Poetry's own table has no versions without a poetry.lock";
  return { setting: "source", found: "pyproject.toml", why, fix: "In that folder, run: poetry lock" };
}

/** The line that turns the file of another tool into one that can be built. */
function otherTools(folder: Folder): Refusal | undefined {
  const tools = [
    ["Pipfile", "pipenv requirements > requirements.txt"],
    ["environment.yml", "pip list --format=freeze > requirements.txt"],
    ["setup.py", "echo . > requirements.txt"],
  ] as const;
  const found = tools.find(([file]) => folder.has(file));
  if (!found) return undefined;
  const [file, line] = found;
  const why = "packages are installed from requirements.txt, pyproject.toml, uv.lock or poetry.lock";
  return { setting: "source", found: file, why, fix: `In that folder, run: ${line}` };
}

const tableAt = (table: TomlTable, ...path: readonly string[]): TomlTable | undefined =>
  path.reduce<TomlTable | undefined>((at, key) => at?.[key] as TomlTable | undefined, table);

function dependenciesOf(project: TomlTable): string[] {
  const listed = (tableAt(project, "project")?.dependencies ?? []) as readonly unknown[];
  const poetry = tableAt(project, "tool", "poetry", "dependencies") ?? {};
  return [...listed.filter((line) => typeof line === "string"), ...Object.keys(poetry)];
}

/** The name of a requirement such as `Flask[async]>=3`. */
const nameOf = (requirement: string): string =>
  (/^\s*([\w.-]+)/.exec(requirement)?.[1] ?? "").toLowerCase().replaceAll(/[-_.]+/g, "-");

function wantedPython(folder: Folder, project: TomlTable): Wanted | undefined {
  const [pinned = ""] = folder.read(".python-version").trim().split("\n");
  const runtime = folder
    .read("runtime.txt")
    .trim()
    .replace(/^python-/, "");
  const range = tableAt(project, "project")?.["requires-python"];
  const poetry = tableAt(project, "tool", "poetry", "dependencies")?.python;
  const all = [
    { range: pinned.replace(/^cpython-?/, ""), from: ".python-version" },
    { range: String(range ?? ""), from: "requires-python of pyproject.toml" },
    { range: typeof poetry === "string" ? poetry : "", from: "pyproject.toml" },
    { range: runtime, from: "runtime.txt" },
  ];
  return all.find((one) => /\d/.test(one.range));
}
