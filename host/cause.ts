import { and, setCommand } from "../config/spec/message.ts";

/** The reason why a container does not work, if its output contains it. */
export interface Cause {
  /** One line. */
  readonly text: string;
  /** The fix. Undefined if no fix is known. */
  readonly fix?: string;
}

const guide = "docs/guide/own-application.md";

/** Debian's packages with the libraries that wheels of Python often need. */
const libraries: Readonly<Record<string, string>> = {
  "libGL.so.1": "libgl1",
  "libgthread-2.0.so.0": "libglib2.0-0t64",
  "libglib-2.0.so.0": "libglib2.0-0t64",
  "libgomp.so.1": "libgomp1",
  "libpq.so.5": "libpq5",
  "libsndfile.so.1": "libsndfile1",
  "libmagic.so.1": "libmagic1",
  "libcairo.so.2": "libcairo2",
};

type Fix = (found: readonly string[], service: string) => string;

const variable: Fix = ([name = ""], service) =>
  `The application needs the variable ${name}. Set it under \`secrets\` of the application if it is a secret (${guide}), or else under ragdock:services.${service}.environment.`;

const missingModule: Fix = ([name = ""]) =>
  `Add the package that contains ${name} to the application's list of packages. If ${name} is a module of the application, correct \`module\` or \`command\`.`;

const forbidden: Fix = ([path = ""]) =>
  `The user of the container is not allowed to write to ${path}. To keep the files, give the application a volume: volumes: [{ name: files, path: ${folderOf(path)} }]. In a Dockerfile, make the user the owner of that folder.`;

const folderOf = (path: string): string => {
  const absolute = path.startsWith("/") ? path : `/app/${path.replace(/^\.\//, "")}`;
  return absolute.replace(/\/+$/, "").replace(/(.)\/[^/]+\.[^/]+$/, "$1");
};

/** Patterns of messages, with what to do. The first that matches counts. */
const fixes: readonly (readonly [RegExp, Fix])[] = [
  [/No module named '([^']+)'/, missingModule],
  [/Could not import module "([^"]+)"/, missingModule],
  [/Cannot find (?:module|package) '([^']+)'/, missingModule],
  [/KeyError: '([A-Z][A-Z0-9_]+)'/, variable],
  [/setting the `?([A-Z][A-Z0-9_]+)`? environment variable/, variable],
  [/: (\w+): Field required/, ([name = ""], service) => variable([name.toUpperCase()], service)],
  [
    /\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b[^\n]*(?:not set|missing|required|not found|undefined|must be set)/,
    variable,
  ],
  [/(?:missing|required|set)[^\n]*?\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b/i, variable],
  [/(?:Permission denied|Read-only file system): '([^']+)'/, forbidden],
  [/(?:EACCES|EROFS|EPERM)[^\n]*'([^']+)'/, forbidden],
  [
    /(lib[\w.+-]+\.so[\w.]*): cannot open shared object file/,
    ([library = ""]) => {
      const name = libraries[library];
      const found = name
        ? ` is in Debian's package ${name}. Add it`
        : " is missing. Add the Debian package that contains it";
      return `${library}${found}: \`packages\` under \`build\` of the application, or apt-get install in its Dockerfile.`;
    },
  ],
  [
    /(?:localhost|127\.0\.0\.1|::1)\W+(?:port )?(5432|6379|8000|11434)\b[^\n]*refused/i,
    ([port = ""]) =>
      `In a container, localhost is the container itself. The stores are at ${addressOf(port)}: see "Give it its settings" in ${guide}.`,
  ],
  [
    /can only run as pid 1/i,
    (_, service) =>
      `Its image must run its own first process: ${setCommand(`services.${service}.restartUnhealthy`, "false")}`,
  ],
  [
    /answers 404/,
    () =>
      "The application runs. Correct the path of its health check: `healthcheck.path`, or `healthPath` in ragdock:app.",
  ],
  [/answers 400/, () => "The check sends the host name 127.0.0.1. Add it to ALLOWED_HOSTS of Django."],
  [
    /nothing listens on port (\d+)/,
    ([port = ""]) => `Let the application listen on port ${port} of 0.0.0.0, or correct \`port\`.`,
  ],
];

const addressOf = (port: string): string =>
  ({ "5432": "postgres:5432", "6379": "redis:6379", "8000": "chroma:8000" })[port] ??
  `their names, port ${port}`;

/** The last line that names an error, as Python, Node and shells write it. */
const errorLine =
  /^(?:ERROR:?\s+|\[\w+\]\s+)?((?:[\w.]*(?:Error|Exception|Interrupt|Exit)\b(?: \[\w+\])?: .+|[\w.]*(?:Error|Exception)$|Error loading .+|Fatal .+|panic: .+|sh: .+(?:not found|No such file.*)|exec .+))$/;

/**
 * The last line of Flask's output if it could not load the application that defines the command.
 */
const unknownCommand = /^Error: No such command /;

/** The last error in a log. An unknown command is the cause only if there is no other error. */
function lastError(log: string): string | undefined {
  const lines = log.trimEnd().split("\n");
  return lastErrorOf(lines.filter((line) => !unknownCommand.test(line))) ?? lastErrorOf(lines);
}

function lastErrorOf(lines: readonly string[]): string | undefined {
  const index = lines.findLastIndex((line) => errorLine.test(line.trimEnd()));
  const [, error] = errorLine.exec(lines[index]?.trimEnd() ?? "") ?? [];
  if (error === undefined) return undefined;
  // Pydantic names the fields below its error.
  const [field = "", what = ""] = lines.slice(index + 1, index + 3);
  if (!/validation error/.test(error)) return error;
  return `${error}: ${field.trim()}: ${what.trim().replace(/ \[type.*/, "")}`;
}

const lastLineOf = (text: string): string | undefined =>
  text
    .split("\n")
    .findLast((line) => line.trim() !== "")
    ?.trim();

/** The longest cause that is shown in one line. */
const longest = 300;

const inOneLine = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > longest ? `${line.slice(0, longest)} …` : line;
};

/** What is known about a container that does not work. */
interface Symptoms {
  readonly service: string;
  /** The output of its last health check, if it still runs. */
  readonly check?: string;
  /** The end of its log. */
  readonly log: string;
  /** Whether it has ended by itself, so that the end of its log contains the reason. */
  readonly hasCrashed: boolean;
}

/**
 * The cause of a container's failure, and what to do about it. Undefined if its output contains no
 * cause.
 */
export function causeOf({ service, check = "", log, hasCrashed }: Symptoms): Cause | undefined {
  const answer = /^Traceback/m.test(check) ? lastLineOf(check) : check.trim() || undefined;
  // A program that is still starting does not answer, and its log may contain the reason.
  const isVague = answer === undefined || /nothing listens|does not answer|refused/.test(answer);
  const error = isVague ? (lastError(log) ?? (hasCrashed ? lastLineOf(log) : undefined)) : undefined;
  const text = answer && error ? `${answer}; its log says: ${error}` : (answer ?? error);
  if (text === undefined) return undefined;
  const fix = [error, answer].flatMap((one) => (one === undefined ? [] : fixFor(one, service)))[0];
  return { text: inOneLine(text), ...(fix ? { fix } : {}) };
}

/** The fix for a message, if it is known. */
function fixFor(message: string, service: string): string[] {
  for (const [pattern, fix] of fixes) {
    const found = pattern.exec(message);
    if (found) return [fix(found.slice(1), service)];
  }
  return [];
}

/**
 * The commands that set packages of Debian for an application, by the short name of its image.
 * @param names separated by blanks
 */
export const packageCommand = (image: string, names: string): string => {
  const application = image === "app" ? "app" : image.replace(/^app-/, "apps.");
  return names
    .split(" ")
    .map((name, index) => setCommand(`${application}.build.packages[${index}]`, name))
    .join(and);
};
