import { packageCommand } from "../../host/cause.ts";
import { type NativeFailure, nativeFailure } from "./npm-log.ts";

/** The reason why a build failed, if its log contains it. */
export interface BuildFailure {
  /** The instruction of the Dockerfile. */
  readonly step: string;
  /** One line. */
  readonly cause: string;
  readonly fix?: string;
  /** The output of the step. */
  readonly output: readonly string[];
}

/** Debian's packages, by what a build complains about. */
const packages: readonly (readonly [RegExp, string])[] = [
  [/pg_config|libpq-fe\.h/, "libpq-dev"],
  [/mysql_config|mysqlclient|mysql\.h/, "default-libmysqlclient-dev"],
  [/xml2-config|libxml\/\w+\.h|libxml2/, "libxml2-dev"],
  [/xslt-config|libxslt/, "libxslt1-dev"],
  [/portaudio\.h/, "portaudio19-dev"],
  [/\bffi\.h/, "libffi-dev"],
  [/\bcairo(?:\.h|.*not found)/, "libcairo2-dev"],
  [/openssl\/\w+\.h/, "libssl-dev"],
  [/Python\.h/, "python3-dev"],
  [/(?:cargo|rustc|Rust compiler|Rust toolchain)/i, "cargo"],
  [/\bcmake\b.*(?:not found|must be installed|No such file)|CMake must be installed/i, "cmake"],
  [/\bswig\b.*(?:not found|No such file)/i, "swig"],
  [
    /(?:gcc|g\+\+|\bcc\b|make)['"]? ?(?:failed: No such file|: not found|: command not found)|No such file or directory: '(?:[\w-]+-)?(?:gcc|cc|g\+\+|make)'|unable to execute/,
    "build-essential",
  ],
];

/** What a tool says about the package that failed. The last group is the package, if there is one. */
const tools: readonly (readonly [RegExp, (found: readonly string[], output: string) => string])[] = [
  [/Failed to (?:download and )?build `([^`]+)`/, ([name = ""], output) => notBuilt(name, output)],
  [/Failed building wheel for (\S+)/, ([name = ""], output) => notBuilt(name, output)],
  [/Failed to build '?([\w.-]+)'?/, ([name = ""], output) => notBuilt(name, output)],
  [/No matching distribution found for (\S+)/, ([name = ""]) => `no package index has ${name}`],
  [/╰─▶ (Because [\s\S]+?)(?:,\s+we\s+can\s+conclude|$)/, ([why = ""]) => why],
  [
    /npm (?:error|ERR!) code (\w+)\n(?:npm (?:error|ERR!) \1 )?(?:npm (?:error|ERR!) )?(.+)/,
    ([code = "", what = ""]) => `npm: ${code}: ${what}`,
  ],
  [/E: Unable to locate package (\S+)/, ([name = ""]) => `Debian has no package ${name}`],
  [
    /sh: (?:\d+: |line \d+: )?([\w.-]+): (?:command )?not found/,
    ([name = ""]) => `the image has no program ${name}`,
  ],
  [/(No space left on device)/, ([what = ""]) => what],
];

/** The reason of a compiler or of a build backend, without the words around it. */
const reasons = [
  /^.*pg_config executable not found.*$/m,
  /^.*fatal error: .+$/m,
  /^.*error: command .+ failed.*$/m,
  /^.*No such file or directory: '.+'$/m,
  /^.*(?:cargo|Rust compiler|CMake|mysql_config|pkg-config).*(?:not found|must be installed|No such file).*$/im,
  /^.*ModuleNotFoundError: .+$/m,
  /^\s*\w*Error: .+$/m,
  /^\s*error: (?!subprocess-exited-with-error).+$/m,
];

function notBuilt(name: string, output: string): string {
  const reason = reasons.map((pattern) => pattern.exec(output)?.[0].trim()).find(Boolean);
  return `the package ${name} could not be built${reason ? `: ${reason}` : ""}`;
}

/** What a step says when a network or an index is out of reach. */
const unreachable =
  /dns error|Temporary failure in name resolution|Could not resolve|Network is unreachable|Failed to fetch|ETIMEDOUT|ENOTFOUND|EAI_AGAIN/;

/**
 * Finds the step that failed, and the package.
 * @param image the short name of the image
 * @param lines the log of the build, as BuildKit writes it
 */
export function buildFailure(image: string, lines: readonly string[]): BuildFailure | undefined {
  const failed = lines.flatMap((line) => [...(/^#(\d+) ERROR: (.+)$/.exec(line)?.slice(1, 3) ?? [])]);
  const [number = "", error = ""] = failed;
  const title = lines.find((line) => line.startsWith(`#${number} [`))?.replace(/^#\d+ \[[^\]]*\] ?/, "");
  if (title === undefined) return undefined;
  const printed = new RegExp(`^#${number} [\\d.]+ (.*)$`);
  const output = lines.flatMap((line) => printed.exec(line)?.[1] ?? []);
  const text = output.join("\n");
  const tool = tools.flatMap(([pattern, say]) => {
    const found = pattern.exec(text);
    return found ? [say(found.slice(1), text)] : [];
  })[0];
  const native = nativeFailure(text);
  const last = output.findLast((line) => line.trim() !== "");
  const cause = (native?.cause ?? tool ?? last ?? error).replaceAll(/[\s│]+/g, " ").trim();
  const fix = native ? nativeFix(image, title, native) : fixOf(image, title, text, cause);
  return { step: title, cause, output, ...(fix ? { fix } : {}) };
}

/** Whether a step is one of an application without a Dockerfile, which has settings for packages. */
const isOurs = (step: string): boolean =>
  /install-application|npm ci --no-audit --no-fund|npm run build --if-present/.test(step);

const addPackages = (image: string, step: string, names: string): string =>
  isOurs(step)
    ? `Add Debian's package ${names}: ${packageCommand(image, names)}`
    : `Add this to the Dockerfile, before that step: RUN apt-get update && apt-get install -y ${names}`;

const nativeFix = (image: string, step: string, { debian, fix }: NativeFailure): string | undefined =>
  debian === undefined ? fix : addPackages(image, step, debian);

function fixOf(image: string, step: string, text: string, cause: string): string | undefined {
  if (/download\.pytorch\.org/.test(text))
    return "The package index of PyTorch for CPUs cannot be reached. The build argument TORCH_BACKEND=none selects the larger build from PyPI: docs/guide/own-application.md";
  if (unreachable.test(text))
    return "The build cannot reach a package index. Check the network of the Docker host and its proxy.";
  const [, name] = packages.find(([pattern]) => pattern.test(cause)) ?? [];
  if (name) return addPackages(image, step, name);
  if (/Debian has no package/.test(cause))
    return "Correct its name: `build.packages` of the application, or its Dockerfile. https://packages.debian.org/trixie lists all packages.";
  if (/could not be built/.test(cause))
    return "A newer version of the package may have a wheel for this version of Python. `build.python` sets another version, which needs `images: registry`.";
  if (/the image has no program pip/.test(cause))
    return "Use `python3 -m venv` or `python3 -m pip`, or build on PYTHON_IMAGE, which has pip.";
  return undefined;
}
