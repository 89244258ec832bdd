import { z } from "zod";
import { type NamedContent, parsePlaceholders } from "../spec/content.ts";
import { like } from "./kinds.ts";

/** How an application gets the value of a variable that is secret. */
export type AppSecret =
  /** Ragdock generates a random value, or the user sets one. */
  | "generate"
  | "ask"
  /** A text with other secrets in it. */
  | NamedContent;

const variable = like(/^[A-Za-z_]\w*$/, "have letters, digits and _ only, such as JWT_SECRET");

const value = z
  .string()
  .superRefine((text, ctx) => {
    if (text === "generate" || text === "ask") return;
    const parts = parsePlaceholders(text);
    const [stray] = parts.flatMap((part) =>
      typeof part === "string" ? (part.match(/\{\{.*?\}\}/) ?? []) : [],
    );
    if (stray) ctx.addIssue(`has ${stray}; a placeholder for a secret is written {{secret:name}}`);
    else if (parts.every((part) => typeof part === "string"))
      ctx.addIssue(
        "must be generate, ask, or a text with a placeholder as in {{secret:name}}: this file must not contain a secret",
      );
  })
  .transform((text): AppSecret => (text === "generate" || text === "ask" ? text : parsePlaceholders(text)));

/** The setting `secrets` of an application. */
export const appSecrets = z.record(variable, value);

/**
 * The secrets that the applications and services in these settings ask the user for. The settings may be wrong.
 */
export function askedSecrets(raw: Readonly<Record<string, unknown>>): string[] {
  const apps = [raw.app, ...Object.values(blockOf(raw.apps)), ...Object.values(blockOf(raw.services))];
  const asked = apps.flatMap((app) =>
    Object.entries(blockOf(blockOf(app).secrets)).flatMap(([name, how]) => (how === "ask" ? [name] : [])),
  );
  return [...new Set(asked)];
}

const blockOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
