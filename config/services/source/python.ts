import type { Folder } from "./folder.ts";
import { type Entry, entriesOf, entryIn, fileOf, frameworks, importPath } from "./frameworks.ts";
import { type PythonPackages, pythonPackages } from "./python-packages.ts";
import type { Recognised, Request } from "./recognised.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import { serve } from "./servers.ts";
import { chooseVersion, type Version } from "./version.ts";

/** The versions of Python that an application can be built on. The first one is the default. */
export const pythonVersions = ["3.13", "3.14", "3.12", "3.11", "3.10"] as const;

/** Packages that bring PyTorch, whose default build has CUDA. */
const bringsTorch =
  /^(torch|torchvision|torchaudio|sentence-transformers|accelerate|docling|flagembedding|easyocr|openai-whisper)$/;

/** A Python application. Undefined if the folder names no packages. */
export function recognisePython(folder: Folder, request: Request): Recognised | Refusal | undefined {
  const packages = pythonPackages(folder);
  if (!packages || isRefusal(packages)) return packages;
  const version = versionOf(packages, request);
  if (isRefusal(version)) return version;
  const torch = torchOf(folder, packages, request);
  const built = [
    `packages from ${packages.file}`,
    ...torch.says,
    `Python ${version.version} ${version.reason}`,
  ];
  const args = { INSTALLER: packages.installer, ...torch.args };
  const common = { language: "python", version: version.version, args } as const;
  if (!request.isServed)
    return { ...common, says: `Python application, ${built.join(", ")}`, environment: {} };
  const entry = entryOf(folder, packages, request);
  if (isRefusal(entry)) return entry;
  const { module, root } = importPath(folder, entry.file);
  const { command, environment, by } = serve(entry, module, root);
  return { ...common, says: [titleOf(entry), by, ...built].join(", "), command, environment };
}

const titleOf = ({ framework, object, file }: Entry): string =>
  object ? `${framework} application \`${object}\` in ${file}` : `${framework} application ${file}`;

function versionOf({ python }: PythonPackages, { python: own }: Request): Version | Refusal {
  const wanted = own === undefined ? python : { range: own, from: "build.python" };
  const version = chooseVersion(wanted, pythonVersions);
  if (version) return version;
  const why = `the available images have Python ${[...pythonVersions].sort().join(", ")}`;
  const found = `Python ${wanted?.range} from ${wanted?.from}`;
  return { setting: "build.python", found, why, value: `'"${pythonVersions[0]}"'` };
}

/** The build of PyTorch. A lock decides itself. */
function torchOf(folder: Folder, { installer, names }: PythonPackages, { torchBackend = "cpu" }: Request) {
  // The hashes of a file are those of the default build.
  const isLocked =
    installer === "uv" || installer === "poetry" || /--hash[ =]/.test(folder.read("requirements.txt"));
  if (isLocked) return { args: {}, says: [] };
  const isCpu = torchBackend === "cpu" && [...names].some((name) => bringsTorch.test(name));
  return {
    args: { TORCH_BACKEND: torchBackend === "none" ? "" : torchBackend },
    says: isCpu ? ["torch for CPUs (with CUDA the image is about 5 GB larger)"] : [],
  };
}

function entryOf(folder: Folder, packages: PythonPackages, { module }: Request): Entry | Refusal {
  if (module !== undefined) return entryNamed(folder, packages, module);
  const [entry, ...more] = entriesOf(folder, packages.names);
  if (entry && more.length === 0) return entry;
  if (entry) {
    const found = [entry, ...more].map(titleOf).join(", and ");
    return {
      setting: "module",
      found,
      why: "several files could be the application",
      value: moduleOf(folder, entry),
    };
  }
  const used = frameworks.find((one) => packages.names.has(one.package));
  const found = used ? `${used.name} in ${packages.file}` : `no framework in ${packages.file}`;
  const why = used
    ? `no Python file with a usual name contains a ${used.name} application`
    : "FastAPI, Flask, Django, Streamlit, Gradio and other ASGI applications are recognised";
  return { setting: "module", found, why, value: used?.isScript ? "app.py" : "main:app" };
}

const moduleOf = (folder: Folder, { file, object }: Entry): string =>
  object ? `${importPath(folder, file).module}:${object}` : file;

/** The entry point that the setting `module` names. */
function entryNamed(folder: Folder, { names }: PythonPackages, module: string): Entry | Refusal {
  const [first = "", object] = module.split(":");
  const isScript = object === undefined;
  const file = isScript ? [first].find(folder.has) : fileOf(folder, first);
  const refused = (why: string): Refusal => {
    const [other] = entriesOf(folder, names);
    return {
      setting: "module",
      found: `"${module}"`,
      why,
      value: other ? moduleOf(folder, other) : "main:app",
    };
  };
  if (file === undefined) {
    const isInstalled =
      !isScript && names.has((first.split(".")[0] ?? "").toLowerCase().replaceAll("_", "-"));
    const missing = isScript ? first : `${first.replaceAll(".", "/")}.py`;
    if (!isInstalled) return refused(`the folder has no ${missing}`);
    return { ...servedBy(names), file: `${first.replaceAll(".", "/")}.py`, object };
  }
  const text = folder.read(file);
  if (isScript) return entryIn(file, text, names).find((entry) => !entry.object) ?? script(file);
  if (!new RegExp(`\\b${object.replace("()", "")}\\b`).test(text)) return refused(`${file} has no ${object}`);
  const found = entryIn(file, text, names).find((entry) => entry.object);
  return { ...(found ?? servedBy(names)), file, object };
}

const script = (file: string): Entry => ({ framework: "Python", server: "Python", file });

/** The server for an application that other code creates. */
function servedBy(names: ReadonlySet<string>): Pick<Entry, "framework" | "server"> {
  const [used] = frameworks.filter((one) => names.has(one.package) && !one.isScript);
  return used ? { framework: used.name, server: used.server } : { framework: "ASGI", server: "uvicorn" };
}
