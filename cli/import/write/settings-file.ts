import { basename } from "node:path";
import { Document, isMap, type Scalar, type YAMLMap } from "yaml";
import { project } from "../../../host/paths.ts";
import type { ComposeProject } from "../read.ts";
import type { WrittenStack } from "./stack.ts";

/** The text of the settings file of a stack that was made from a Compose project. */
export function settingsText(source: ComposeProject, stack: WrittenStack): string {
  const config = Object.fromEntries(
    Object.entries(stack.settings).map(([key, value]) => [`${project}:${key}`, value]),
  );
  const document = new Document({ config });
  document.commentBefore = ` Created from ${source.files
    .filter((file) => /\.ya?ml$/.test(file))
    .map((file) => basename(file))
    .join(", ")} by ./ragdock import. You can edit this file. Only ./ragdock import --force replaces it.`;
  const apps = document.getIn(["config", `${project}:apps`]);
  if (isMap(apps))
    for (const { name, service } of stack.applications) {
      const { origin } = service.tree;
      const pair = (apps as YAMLMap<Scalar>).items.find(({ key }) => key.value === name);
      if (pair) pair.key.commentBefore = ` ${service.name} (${basename(origin.file)}:${origin.line})`;
    }
  return document.toString({ lineWidth: 0 });
}
