import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { projectDir } from "../../../host/paths.ts";
import { isJob } from "../hosts.ts";
import { tagOf } from "../kinds.ts";
import type { ComposeService } from "../read.ts";
import { at, isTrue, textOf, textsOf } from "../tree.ts";
import type { World } from "../world.ts";
import {
  capabilitiesOf,
  extraHostsOf,
  givenUser,
  hostnameOf,
  labelsOf,
  limitsOf,
  ulimitsOf,
  userOf,
  usesGpus,
  workingDirOf,
} from "./container.ts";
import { filled } from "./filled.ts";
import { healthcheckOf } from "./health.ts";
import { processOf } from "./process.ts";
import { programOf } from "./programs.ts";
import type { Routes } from "./routes.ts";
import { asSize, plainEntries, type Storage, storageOf } from "./storage.ts";
import type { Todo } from "./todo.ts";

/** An application of the stack, made from a service. */
export interface WrittenApplication {
  readonly name: string;
  readonly service: ComposeService;
  /** Its settings under `apps`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Its settings under `services`. */
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly storage: Storage;
  /** The secrets that the user sets, by variable. */
  readonly asked: readonly string[];
  readonly todos: readonly Todo[];
}

/** Writes one service as an application. @param needs the services that it calls */
export function applicationOf(
  service: ComposeService,
  world: World,
  { ports, routes, more }: Routes,
  needs: readonly string[],
): WrittenApplication {
  const { tree } = service;
  const name = world.names.services.get(service.name) ?? service.name;
  const kind = world.kinds.get(service.name) ?? { kind: "application" };
  const program = kind.kind === "foreign" ? programOf(kind.name) : {};
  const storage = storageOf(service, world);
  const runsOnce = isJob(service, world.project);
  const port = runsOnce ? undefined : ports.get(service.name);
  const run = processOf(service, name, world, program);
  const replicas = Number(textOf(at(tree, "deploy", "replicas")) ?? textOf(at(tree, "scale")));
  const ownFiles = storage.volumes.some(({ shared }) => !shared);
  const migrate = world.project.services.find((one) => {
    const fate = world.fates.get(one.name);
    return fate?.is === "migration" && fate.of === service.name;
  });
  const settings = filled({
    ...imageOf(service),
    entrypoint: run.entrypoint,
    command: run.command,
    user: userOf(tree),
    capabilities: capabilitiesOf(service, program.capabilities),
    hostname: hostnameOf(tree),
    workingDir: workingDirOf(tree),
    labels: labelsOf(tree),
    job: runsOnce || undefined,
    port,
    route: routes.get(service.name),
    routes: more.get(service.name),
    healthcheck: runsOnce ? undefined : healthcheckOf(service, kind, port),
    volumes: storage.volumes,
    writable: storage.writable,
    needs,
    migrate: migrate && textsOf(at(migrate.tree, "command")),
    env: run.env,
    secrets: run.secrets,
    extraHosts: extraHostsOf(tree),
    ulimits: ulimitsOf(tree),
    replicas: replicas > 1 && !ownFiles && !runsOnce ? replicas : undefined,
    limits: limitsOf(tree, program.memory),
  });
  const maxSize = asSize(textOf(at(tree, "logging", "options", "max-size")) ?? "");
  const maxFiles = Number(textOf(at(tree, "logging", "options", "max-file")));
  return {
    name,
    service,
    settings,
    overrides: filled({
      files: storage.files,
      mounts: storage.mounts,
      shm: asSize(textOf(at(tree, "shm_size")) ?? ""),
      gpus: usesGpus(tree) ? "all" : undefined,
      logs: filled({ maxSize, maxFiles: maxFiles >= 1 ? maxFiles : undefined }),
    }),
    storage,
    asked: Object.entries(run.secrets).flatMap(([key, how]) => (how === "ask" ? [key] : [])),
    todos: [
      ...storage.todos,
      ...(kind.kind === "foreign" && storage.existing.length > 0 ? oldPasswords(name, run.secrets) : []),
      ...imageTodos(service, name),
      ...run.todos,
      ...otherTodos(service, name),
    ],
  };
}

/** Docker also accepts the file name `dockerfile`. */
const lowerCase = (context: string): string | undefined =>
  !existsSync(join(context, "Dockerfile")) && existsSync(join(context, "dockerfile"))
    ? "dockerfile"
    : undefined;

function imageOf({ tree }: ComposeService): Record<string, unknown> {
  const build = at(tree, "build");
  const context = textOf(at(build, "context"));
  if (!build || context === undefined || /^[\w+.-]+:\/\/|^git@/.test(context))
    return { image: textOf(at(tree, "image")) };
  return {
    source: relative(projectDir, context) || ".",
    build: filled({
      dockerfile: textOf(at(build, "dockerfile")) ?? lowerCase(context),
      target: textOf(at(build, "target")),
      args: plainEntries(at(build, "args")),
    }),
  };
}

function imageTodos({ tree }: ComposeService, name: string): Todo[] {
  const image = textOf(at(tree, "image"));
  if (!image || at(tree, "build")) return [];
  const tag = tagOf(image);
  if (tag !== undefined && tag !== "latest") return [];
  return [
    {
      service: name,
      text: `${image} can refer to another image tomorrow. Run this command and write its output as apps.${name}.image:`,
      command: `docker pull -q ${image} && docker image inspect --format '{{index .RepoDigests 0}}' ${image}`,
    },
  ];
}

/** A database keeps its passwords with its data, whatever its variables contain. */
function oldPasswords(name: string, secrets: Readonly<Record<string, string>>): Todo[] {
  const generated = Object.entries(secrets).flatMap(([key, how]) => (how === "generate" ? [key] : []));
  if (generated.length === 0) return [];
  const text = `If you copy its data, it keeps its old passwords. Then write ask in place of generate for ${generated.join(", ")}, and set the old value.`;
  return [{ service: name, text }];
}

function otherTodos({ tree }: ComposeService, name: string): Todo[] {
  const user = givenUser(tree);
  const say = (text: string): Todo => ({ service: name, text });
  return [
    ...(user && userOf(tree) === undefined
      ? [say(`Write the number of its user ${user} as apps.${name}.user, such as 1000:1000.`)]
      : []),
    ...(isTrue(at(tree, "privileged"))
      ? [say("In Compose it is privileged. Ragdock runs it without privileges. So it may not work.")]
      : []),
  ];
}
