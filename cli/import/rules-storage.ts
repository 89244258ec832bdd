import { existsSync, statSync } from "node:fs";
import type { ComposeService } from "./read.ts";
import { at, entriesOf, isTrue, type Tree, textOf } from "./tree.ts";
import { improved, type Rule, type Rules, taken, unsupported, type Verdict } from "./verdict.ts";
import { isMounted } from "./write/storage.ts";

/** The keys below `tree` that are not in `known`. */
export const others = (tree: Tree, known: readonly string[]): string[] =>
  entriesOf(tree).flatMap(([key]) => (known.includes(key) ? [] : [key]));

const dockerSocket = /\/docker\.sock$/;

/** A volume or a mount. Options that Ragdock does not have get their own line. */
export const volume: Rule = (value, _, { service }) => {
  const { outcome, text } = mounted(value, service);
  // In a short form, the options are part of the same text.
  const options = textOf(at(value, "options"));
  const without = options === undefined ? "" : ` The mount options "${options}" are left out.`;
  const known = ["type", "source", "target", "read_only", "options"];
  return { outcome, text: `${text}${without}`, except: others(value, known) };
};

function mounted(value: Tree, service: ComposeService): Verdict {
  const type = textOf(at(value, "type"));
  const source = textOf(at(value, "source"));
  const target = textOf(at(value, "target")) ?? "";
  if (type === "tmpfs") return taken(`The folder ${target} is in memory.`);
  if (type === "volume")
    return source === undefined
      ? improved(`The volume gets a name, so the data at ${target} stays when the container is replaced.`)
      : taken(`The volume ${source} at ${target}.`);
  if (type !== "bind" || source === undefined) return unsupported(`Ragdock has no mounts of type ${type}.`);
  if (dockerSocket.test(source)) return unsupported("A container with Docker's socket controls the host.");
  if (isFile(source))
    return improved(
      `The file becomes a file of the settings at ${target}, so changing the file replaces the container.`,
    );
  return isMounted(source, isTrue(at(value, "read_only")), service)
    ? improved(`A mount in dev. In prod, the image must contain the files at ${target}.`)
    : improved(
        `A volume holds the data at ${target}, and make backup copies it. The option --data copies the folder.`,
      );
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

const file: Rule = (value) => ({
  ...taken("It becomes a file of the settings, at the same path."),
  except: others(value, ["source", "target"]),
});

export const storageRules: Rules = {
  "volumes[]": volume,
  "tmpfs[]": always("A folder in memory."),
  "configs[]": file,
  "secrets[]": file,
  shm_size: always("This is the size of /dev/shm."),
};

function always(text: string): Rule {
  return () => taken(text);
}
