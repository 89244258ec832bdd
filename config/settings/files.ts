import { z } from "zod";
import { parsePlaceholders, wrongPlaceholders } from "../spec/content.ts";
import { name, path } from "./kinds.ts";

/** A folder of the Docker host in a container. */
export const mount = z.strictObject({
  source: name.describe("Folder or file on the Docker host. A relative path starts at the project."),
  target: path.describe("Path in the container."),
  readOnly: z.boolean().default(true).describe("Whether the container may only read it."),
});

/** A file of a container, made from the settings. */
export const file = z.strictObject({
  path: path.describe("Path in the container."),
  content: z
    .string()
    .superRefine((value, ctx) => {
      for (const piece of wrongPlaceholders(value))
        ctx.addIssue(`has ${piece}; a placeholder for a secret is written {{secret:name}}`);
    })
    .transform(parsePlaceholders)
    .describe("Text of the file. `{{secret:postgres-password}}` is replaced by that secret of the stack."),
});
