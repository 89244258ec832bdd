import type { Folder } from "./folder.ts";
import type { Recognised, Request } from "./recognised.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import { portPlace } from "./servers.ts";
import { chooseVersion } from "./version.ts";

/** The versions of Node that an application can be built on. The first one is the default. */
export const nodeVersions = ["24", "22", "20"] as const;

/** The fields of a package.json that decide the build. */
interface Manifest {
  readonly main?: string;
  readonly engines?: { readonly node?: string };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const frameworks: Readonly<Record<string, string>> = {
  next: "Next.js",
  "@nestjs/core": "NestJS",
  express: "Express",
  fastify: "Fastify",
  koa: "Koa",
  hono: "Hono",
};

/** A Node application. Undefined if the folder has no package.json. */
export function recogniseNode(folder: Folder, request: Request): Recognised | Refusal | undefined {
  if (!folder.has("package.json")) return undefined;
  const manifest = readManifest(folder);
  if (isRefusal(manifest)) return manifest;
  const problem = otherLock(folder) ?? (request.module === undefined ? undefined : noModule(request.module));
  if (problem) return problem;
  const version = chooseVersion(wantedNode(folder, manifest), nodeVersions);
  if (!version) {
    const { range, from } = wantedNode(folder, manifest);
    const why = `the available images have Node ${nodeVersions.join(", ")}`;
    return { setting: "source", found: `Node ${range} from ${from}`, why, fix: `Change it in ${from}.` };
  }
  const lock = folder.has("package-lock.json") ? "package-lock.json" : "package.json";
  const built = [`packages from ${lock}`, `Node ${version.version} ${version.reason}`];
  const common = { language: "node", version: version.version, args: {} } as const;
  if (!request.isServed) return { ...common, says: `Node application, ${built.join(", ")}`, environment: {} };
  const start = startOf(folder, manifest);
  if (isRefusal(start)) return start;
  const [, framework] = Object.entries(frameworks).find(([name]) => manifest.dependencies?.[name]) ?? [];
  const title = framework ? `Node application with ${framework}` : "Node application";
  return {
    ...common,
    says: [title, `started by \`${start.join(" ")}\``, ...built].join(", "),
    command: start,
    environment: { PORT: portPlace, HOST: "0.0.0.0" },
  };
}

function readManifest(folder: Folder): Manifest | Refusal {
  try {
    return JSON.parse(folder.read("package.json")) as Manifest;
  } catch (error) {
    const why = `it cannot be read: ${(error as Error).message}`;
    return { setting: "source", found: "package.json", why, fix: "Correct it." };
  }
}

/** npm would install other versions than those in the lock of another tool. */
function otherLock(folder: Folder): Refusal | undefined {
  const found = ["yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"].find(folder.has);
  if (!found || folder.has("package-lock.json")) return undefined;
  const fix = "In that folder, run: npm install --package-lock-only; or add a Dockerfile.";
  return {
    setting: "source",
    found,
    why: "npm installs the packages and needs a package-lock.json",
    fix,
  };
}

const noModule = (module: string): Refusal => ({
  setting: "module",
  found: `"${module}"`,
  why: "it has no effect, because the start script in package.json decides how a Node application starts",
  fix: "Remove it.",
});

function wantedNode(folder: Folder, { engines }: Manifest) {
  const all = [
    { range: folder.read(".nvmrc").trim(), from: ".nvmrc" },
    { range: folder.read(".node-version").trim(), from: ".node-version" },
  ];
  const engine = { range: engines?.node ?? "", from: "engines of package.json" };
  return all.find(({ range }) => /\d/.test(range)) ?? engine;
}

/** The command that starts it, without npm if it is a single program of Node: npm adds a process. */
function startOf(folder: Folder, { scripts = {}, main, devDependencies = {} }: Manifest): string[] | Refusal {
  const { start } = scripts;
  if (start === undefined) {
    const file = [main ?? "", "server.js", "index.js"].find((one) => one !== "" && folder.has(one));
    if (file) return ["node", file];
    const fix = 'Add one to its scripts, such as "start": "node server.js".';
    return { setting: "source", found: "package.json", why: "it has no start script", fix };
  }
  const [program = ""] = start.split(/\s+/);
  if (program in devDependencies) {
    const why = `the start script runs ${program}, and the image has no devDependencies`;
    const fix = `In that folder, run: npm install --save-prod ${program}`;
    return { setting: "source", found: "package.json", why, fix };
  }
  return /^node [\w./-]+\.[cm]?js$/.test(start) ? start.split(" ") : ["npm", "start"];
}
