import { basename, dirname } from "node:path";
import type { Folder } from "./folder.ts";

/** The program that serves an application. */
export type Server = "uvicorn" | "gunicorn" | "Streamlit" | "Python";

/** An entry point: the program to serve, and where it was found. */
export interface Entry {
  readonly framework: string;
  readonly server: Server;
  readonly file: string;
  /** The name in the file that the server gets, such as `app` or `create_app()`. Undefined for a script. */
  readonly object?: string;
}

interface Framework {
  readonly name: string;
  readonly server: Server;
  /** Its package, as requirements name it. */
  readonly package: string;
  /** Finds the entry point in the text of a file. The group is the name of the application. */
  readonly pattern: RegExp;
  /** Whether the file is run as a script. Such a file is at the top of the folder. */
  readonly isScript?: true;
}

/** Matches `app = FastAPI(`, with or without a type and a module. */
const made = (name: string): RegExp =>
  new RegExp(`^(\\w+)(?:\\s*:[^=\\n]+)?\\s*=\\s*(?:\\w+\\.)*${name}\\(`, "gm");

/** The frameworks that are recognised. If a file has several, the first one counts. */
export const frameworks: readonly Framework[] = [
  { name: "FastAPI", server: "uvicorn", package: "fastapi", pattern: made("FastAPI") },
  { name: "Starlette", server: "uvicorn", package: "starlette", pattern: made("Starlette") },
  { name: "Litestar", server: "uvicorn", package: "litestar", pattern: made("Litestar") },
  { name: "Quart", server: "uvicorn", package: "quart", pattern: made("Quart") },
  { name: "Flask", server: "gunicorn", package: "flask", pattern: made("Flask") },
  {
    name: "Django",
    server: "gunicorn",
    package: "django",
    pattern: /^(application) = get_wsgi_application\(/gm,
  },
  {
    name: "Streamlit",
    server: "Streamlit",
    package: "streamlit",
    pattern: /^\s*(?:import|from) streamlit\b/gm,
    isScript: true,
  },
  { name: "Gradio", server: "Python", package: "gradio", pattern: /\.launch\(/g, isScript: true },
];

/** Names of files and objects, the most usual first. */
const usualFiles = "main app application server api asgi wsgi streamlit_app home index __init__".split(" ");
const usualObjects = ["app", "application", "api", "server"];

const rank = (names: readonly string[], name: string): number =>
  names.includes(name) ? names.indexOf(name) : names.length;

/** How unusual a file is as an entry point: deeper files count as less usual. */
const score = ({ file }: Entry): number =>
  100 * (file.split("/").length - 1) + rank(usualFiles, basename(file, ".py").toLowerCase());

/** The entry points in a folder: the most usual one of each framework. */
export function entriesOf(folder: Folder, packages: ReadonlySet<string>): Entry[] {
  const all = folder.pythonFiles().flatMap((file) => entryIn(file, folder.read(file), packages));
  const best = Map.groupBy(all, ({ framework }) => framework).values();
  const entries = [...best].flatMap((same) => same.sort((a, b) => score(a) - score(b)).slice(0, 1));
  const django = entries.filter(({ framework }) => framework === "Django");
  return django.length > 0 && folder.has("manage.py") ? django : entries;
}

/** The entry point in a file, of the first framework that it uses. */
export function entryIn(file: string, text: string, packages: ReadonlySet<string>): Entry[] {
  for (const { name, server, pattern, isScript, package: needed } of frameworks) {
    const found = [...text.matchAll(pattern)];
    const usesGradio = name !== "Gradio" || /^\s*(?:import|from) gradio\b/m.test(text);
    if (found.length === 0 || !usesGradio || (isScript && file.includes("/"))) continue;
    const [object] = found
      .map(([, one = ""]) => one)
      .sort((a, b) => rank(usualObjects, a) - rank(usualObjects, b));
    const isAsgi = needed === "django" && ["channels", "daphne"].some((other) => packages.has(other));
    if (isAsgi)
      return [
        { framework: name, server: "uvicorn", file: file.replace("wsgi", "asgi"), object: "application" },
      ];
    return [{ framework: name, server, file, ...(isScript || !object ? {} : { object }) }];
  }
  return factoryIn(file, text, packages);
}

/** An application that a function makes: `app = create_app()`, or the function alone. */
function factoryIn(file: string, text: string, packages: ReadonlySet<string>): Entry[] {
  const framework = frameworks.find((one) => packages.has(one.package) && !one.isScript);
  if (!framework) return [];
  const { name, server } = framework;
  const object = /^(\w+)\s*=\s*(?:\w+\.)*(?:create|make|get|build)_app\(/m.exec(text)?.[1];
  if (object) return [{ framework: name, server, file, object }];
  const makes = new RegExp(`\\b${name}\\(`).test(text);
  const factory =
    makes && /^def ((?:create|make|build)_app)\((?:\s*\)|\w+\s*(?::[^=)]+)?=[^)]*\))/m.exec(text)?.[1];
  return factory ? [{ framework: name, server, file, object: `${factory}()` }] : [];
}

/** The name of a file as Python imports it, and the folder that it is imported from. */
export function importPath(folder: Folder, file: string): { readonly module: string; readonly root: string } {
  const root = file.startsWith("src/") && !folder.has("src/__init__.py") ? "src" : ".";
  const path = root === "src" ? file.slice("src/".length) : file;
  const name = basename(path, ".py") === "__init__" ? dirname(path) : path.replace(/\.py$/, "");
  return { module: name.replaceAll("/", "."), root };
}

/** The file of a module such as `shop.main`. Undefined if the folder has none. */
export const fileOf = (folder: Folder, module: string): string | undefined => {
  const path = module.replaceAll(".", "/");
  return [`${path}.py`, `${path}/__init__.py`, `src/${path}.py`, `src/${path}/__init__.py`].find(folder.has);
};
