import { type Deployment, jsonOrText } from "../config/spec/deployment.ts";
import { Failure } from "../config/spec/failure.ts";
import { and, pulumiOnly, setCommand } from "../config/spec/message.ts";
import { deployedPart, imagesOnly } from "../config/spec/part.ts";
import { longRunning, type SystemSpec } from "../config/spec/service.ts";
import type { Container } from "./docker.ts";
import { type WrittenFiles, writtenFiles } from "./written-files.ts";

/**
 * The environment variable with which `make up CONFIRM=<stack>` accepts the loss of files for one
 * deployment.
 */
export const giveUpFiles = "RAGDOCK_GIVE_UP_FILES";

/** The service of an application in the short form, `ragdock:app`. */
const shortName = "api";

/** What the program knows about the applications of a stack. */
interface Plan {
  /** The settings of the stack's file by key, as Pulumi passes them to the program. */
  readonly settings: Deployment["settings"];
  /** Successful deployments, the newest last. */
  readonly deployments: readonly Deployment[];
  /** Computes the revisions that the deployment will have, by service. It reads folders to build. */
  readonly revisions: () => Readonly<Record<string, string>>;
  /** Whether this is a deployment and not a preview. */
  readonly deploys: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Refuses a deployment that would replace or remove a container in which an own application has
 * written files outside of its volumes. In other deployments and in previews, warns about such
 * files. In dev, the user may accept the loss of the files.
 * @param containers those of the stack
 */
export async function protectFiles(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
  { settings, deployments, revisions, deploys, warn }: Plan,
): Promise<void> {
  if (process.env[imagesOnly]) return;
  const own = longRunning(system.services).filter(({ ownPages }) => ownPages);
  const left = keptApplications(deployments.at(-1)?.settings ?? {}).filter(
    (name) => !own.some((service) => service.name === name),
  );
  const watched = own.filter(({ ephemeral }) => !ephemeral).map(({ name }) => name);
  const written = await writtenFiles(new Set([...watched, ...left]), containers);
  if (written.length === 0) return;
  const next = revisions();
  const part = deployedPart(system);
  const changes = (name: string) => part === system || part.services.some((one) => one.name === name);
  const lost = written.filter(
    ({ service, revision }) => changes(service) && (revision === undefined || revision !== next[service]),
  );
  const advice = { stack, system, settings, left };
  const kept = written.filter((files) => !lost.includes(files));
  if (kept.length > 0)
    warn(
      `Applications have written files outside of their volumes. The next change of such an application loses them:\n${linesOf(kept)}\n${keepAdvice(kept, advice)}`,
    );
  const refused = lost.filter((files) => !isGivenUp(files, stack, system));
  if (refused.length === 0) return;
  const what = `Applications have written them outside of their volumes:\n${linesOf(refused)}`;
  if (deploys)
    throw new Failure(`Files would be lost, and nothing was changed. ${what}`, adviceFor(refused, advice));
  warn(`Files would be lost, so a deployment would be refused. ${what}\n${adviceFor(refused, advice)}`);
}

/** The applications in settings whose files are not to be lost, by the names of their services. */
function keptApplications({ app, apps }: Deployment["settings"]): string[] {
  const named = Object.entries((jsonOrText(apps ?? "{}") ?? {}) as Record<string, unknown>);
  const short = app === undefined ? [] : [[shortName, jsonOrText(app)] as const];
  return [...named, ...short].flatMap(([name, one]) =>
    (one as { ephemeral?: boolean } | null)?.ephemeral ? [] : [name],
  );
}

function isGivenUp({ service, created }: WrittenFiles, stack: string, system: SystemSpec): boolean {
  if (system.environment === "prod") return false;
  const until = system.lostFiles[service];
  const isNamed = until !== undefined && Date.parse(created) <= Date.parse(until);
  return isNamed || process.env[giveUpFiles] === stack;
}

const linesOf = (written: readonly WrittenFiles[]): string => {
  const lines = written.flatMap(({ service, folders }) =>
    folders.map(({ path, example }) => `  ${service}: ${path}, such as ${example}`),
  );
  return [...new Set(lines)].join("\n");
};

interface Advice {
  readonly stack: string;
  readonly system: SystemSpec;
  readonly settings: Deployment["settings"];
  /** Applications that are no longer in the settings. */
  readonly left: readonly string[];
}

/** The settings that keep the files. Only the long form of an application has volumes. */
function keepAdvice(written: readonly WrittenFiles[], { settings, left }: Advice): string {
  const present = written.filter(({ service }) => !left.includes(service));
  if (present.length === 0) return "To keep them, put the application back into the settings.";
  if (settings.app !== undefined)
    return "Name the application in ragdock:apps, which has volumes: docs/guide/own-application.md#volumes.";
  const lines = present.flatMap(({ service, folders }) =>
    folders.map(
      ({ path }) =>
        `  ragdock:apps.${service}.volumes: [{ name: ${service}-${volumeName(path)}, path: ${path} }]`,
    ),
  );
  return `To keep the files, use a volume. A volume hides the image's files in its folder, so choose a folder without code:\n${[...new Set(lines)].join("\n")}`;
}

const volumeName = (path: string): string =>
  path
    .split("/")
    .at(-1)
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "") || "files";

function adviceFor(written: readonly WrittenFiles[], advice: Advice): string {
  const { system } = advice;
  const copy = "Copy them first: docker cp <container>:<folder> .";
  const lose = system.environment === "prod" ? loseInProd(written, advice) : loseInDev(written, advice);
  return [keepAdvice(written, advice), copy, ...lose].join("\n");
}

function loseInDev(written: readonly WrittenFiles[], { stack, settings, left }: Advice): string[] {
  const newest = new Map(
    written
      .toSorted((a, b) => Date.parse(a.created) - Date.parse(b.created))
      .map(({ service, created }) => [service, created]),
  );
  const once = [...newest].map(([service, created]) => setCommand(`lostFiles.${service}`, `'${created}'`));
  const always = ephemeralCommands([...newest.keys()], { settings, left });
  return [
    `If you accept their loss this time: make up STACK=${stack} CONFIRM=${stack}${pulumiOnly(`\nWith the Pulumi CLI: ${once.join(and)} && pulumi up`)}`,
    ...(always.length > 0 ? [`Each time: ${always.join(and)}`] : []),
  ];
}

function loseInProd(written: readonly WrittenFiles[], { settings, left }: Advice): string[] {
  const services = [...new Set(written.map(({ service }) => service))];
  const gone = services.filter((service) => left.includes(service));
  const give = ephemeralCommands(services, { settings, left });
  return [
    ...(give.length > 0 ? [`If you accept their loss: ${give.join(and)}`] : []),
    ...(gone.length > 0
      ? [
          `If the files of ${gone.join(", ")} may be lost, put the application back with \`ephemeral: true\`, deploy, and then remove it.`,
        ]
      : []),
  ];
}

/** The commands that accept the loss of all files of the applications in the settings. */
const ephemeralCommands = (
  services: readonly string[],
  { settings, left }: Pick<Advice, "settings" | "left">,
): string[] =>
  services
    .filter((service) => !left.includes(service))
    .map((service) =>
      setCommand(`${settings.app === undefined ? `apps.${service}` : "app"}.ephemeral`, "true"),
    );
