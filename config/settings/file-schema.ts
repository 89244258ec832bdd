import { z } from "zod";
import { settings, userSecrets } from "./schema.ts";

/**
 * Returns the JSON schema of a stack's file, for editors and other tools. It has the types and the
 * bounds of the settings. Only Ragdock itself checks rules that depend on the system.
 */
export function fileSchema(): object {
  const { $schema, properties = {} } = z.toJSONSchema(settings, { io: "input", target: "draft-7" });
  const text = { type: "string" };
  const own = Object.keys(properties).flatMap((name) =>
    [`ragdock:${name}`, name].map((key) => [key, { $ref: `#/definitions/${name}` }]),
  );
  const secure = { type: "object", properties: { secure: text }, required: ["secure"] };
  const secrets = Object.entries(userSecrets).map(([name, description]) => [
    `ragdock:${name}`,
    { description, ...secure },
  ]);
  return {
    $schema,
    title: "The settings of a stack of Ragdock",
    type: "object",
    properties: {
      config: {
        type: ["object", "null"],
        properties: Object.fromEntries([...own, ...secrets]),
        patternProperties: {
          "^(docker|random|pulumi):": {},
          // The variables that applications ask for.
          [`^ragdock:(?!(${Object.keys({ ...properties, ...userSecrets }).join("|")})$)[A-Za-z_][A-Za-z0-9_]*$`]:
            secure,
        },
        additionalProperties: false,
      },
      environment: { type: "array", items: text },
      secretsprovider: text,
      encryptedkey: text,
      encryptionsalt: text,
    },
    additionalProperties: false,
    definitions: { ...properties, monitoring: { anyOf: [{ const: true }, properties.monitoring ?? {}] } },
  };
}
