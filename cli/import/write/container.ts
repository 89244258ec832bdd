import { capabilities } from "../../../config/spec/limits.ts";
import type { ComposeService } from "../read.ts";
import { isSecretName } from "../secrets.ts";
import { at, children, entriesOf, textOf, textsOf, variablesOf } from "../tree.ts";
import { filled } from "./filled.ts";
import { asSize, plainEntries } from "./storage.ts";

/**
 * A command of the file. A secret in it becomes a variable, which a shell expands. Otherwise
 * `docker inspect` would show the secret in the command.
 */
export function commandOf({ tree }: ComposeService): {
  words: readonly string[];
  secrets: Record<string, string>;
} {
  const given = at(tree, "command");
  const words = textsOf(given);
  const uses = given ? variablesOf(given) : [];
  const secret = uses.filter(
    ({ name, text }) => isSecretName(name) && text !== "" && words.some((word) => word.includes(text)),
  );
  if (secret.length === 0) return { words, secrets: {} };
  const quoted = words.map((word) => {
    const plain = `'${word.replaceAll("'", `'\\''`)}'`;
    return secret.reduce((line, { name, text }) => line.replaceAll(text, `'"$${name}"'`), plain);
  });
  return {
    words: ["sh", "-c", `exec ${quoted.join(" ")}`],
    secrets: Object.fromEntries(secret.map(({ name }) => [name, "generate"])),
  };
}

/** The user of the file. Variables without a value leave a colon. */
export const givenUser = (tree: ComposeService["tree"]): string => {
  const user = textOf(at(tree, "user")) ?? "";
  return user === ":" ? "" : user;
};

export function userOf(tree: ComposeService["tree"]): string | undefined {
  const user = textOf(at(tree, "user")) ?? "";
  if (user === "root") return "0:0";
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? [];
  return uid === undefined ? undefined : `${uid}:${gid ?? uid}`;
}

export function capabilitiesOf({ tree }: ComposeService, known: readonly string[] = []): readonly string[] {
  const added = textsOf(at(tree, "cap_add")).map((one) => one.replace(/^CAP_/, ""));
  const all = new Set([...(userOf(tree) === undefined ? known : []), ...added]);
  return [...all].filter((one) => capabilities.some((allowed) => allowed === one)).sort();
}

export function hostnameOf(tree: ComposeService["tree"]): string | undefined {
  const hostname = textOf(at(tree, "hostname"));
  return hostname && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(hostname) ? hostname : undefined;
}

export function workingDirOf(tree: ComposeService["tree"]): string | undefined {
  const folder = textOf(at(tree, "working_dir"));
  return folder !== undefined && isFolder(folder) ? folder : undefined;
}

/** Whether the settings accept the path of a folder in a container. */
export const isFolder = (folder: string): boolean => /^\/\S*$/.test(folder);

export const labelsOf = (tree: ComposeService["tree"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(plainEntries(at(tree, "labels"))).filter(([name]) => isLabel(name) && !isProxyLabel(name)),
  );

/** Whether a label configures a proxy that watches Docker. */
export const isProxyLabel = (name: string): boolean => /^(traefik|caddy)\b/.test(name);

/** Whether the settings accept a label. */
export const isLabel = (name: string): boolean => /^(?!ragdock\.)[\w./-]+$/.test(name);

export const extraHostsOf = (tree: ComposeService["tree"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(plainEntries(at(tree, "extra_hosts"))).filter(([host]) =>
      /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host),
    ),
  );

export function ulimitsOf(tree: ComposeService["tree"]): Record<string, unknown> {
  const limit = (text: string | undefined): number | undefined =>
    text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
  return Object.fromEntries(
    entriesOf(at(tree, "ulimits")).flatMap(([name, value]): [string, unknown][] => {
      const [one, soft, hard] = [textOf(value), textOf(at(value, "soft")), textOf(at(value, "hard"))].map(
        limit,
      );
      if (one !== undefined) return [[name, one]];
      return soft === undefined && hard === undefined
        ? []
        : [[name, { soft: soft ?? hard, hard: hard ?? soft }]];
    }),
  );
}

export function limitsOf(tree: ComposeService["tree"], known: string | undefined): Record<string, unknown> {
  const deploy = at(tree, "deploy", "resources");
  const cpus = Number(textOf(at(deploy, "limits", "cpus")) ?? textOf(at(tree, "cpus")));
  const memory = asSize(textOf(at(deploy, "limits", "memory")) ?? textOf(at(tree, "mem_limit")) ?? "");
  const reservation = asSize(
    textOf(at(deploy, "reservations", "memory")) ?? textOf(at(tree, "mem_reservation")) ?? "",
  );
  return filled({
    cpus: cpus >= 0.05 && cpus <= 128 ? cpus : undefined,
    memory: memory ?? known ?? "1GiB",
    reservation,
  });
}

export const usesGpus = (tree: ComposeService["tree"]): boolean =>
  at(tree, "gpus") !== undefined ||
  children(at(tree, "deploy", "resources", "reservations", "devices")).some((device) =>
    textsOf(at(device, "capabilities")).includes("gpu"),
  );
