/** The kinds of values that settings have. */
import { z } from "zod";
import type { Duration, Size } from "../spec/units.ts";
import { durationPattern, mebibytes, sizePattern } from "../spec/units.ts";

export const optional = <T extends z.ZodType>(what: string, type: T) => type.optional().describe(what);
export const group = <S extends z.ZodRawShape>(what: string, shape: S) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .describe(what);
/** A group that `true` switches on. `pulumi config set` without `--path` writes it as text. */
export const switchable = <S extends z.ZodRawShape>(what: string, shape: S) =>
  z
    .preprocess(
      (value) => (value === true || value === "true" ? { enabled: true } : value),
      z.strictObject(shape),
    )
    .prefault({} as never)
    .describe(what);
export const integer = (least: number, most: number) => z.int().min(least).max(most);
export const like = (pattern: RegExp, what: string) => z.string().regex(pattern, `must ${what}`);

export const size = like(sizePattern, "be a whole number with its unit, such as 512MiB or 2GiB").transform(
  (v) => v as Size,
);
// Docker refuses a smaller limit ("Minimum memory limit allowed is 6MB"). Its units are binary.
export const memoryLimit = size.refine((v) => mebibytes(v) >= 6, "must be at least 6MiB, Docker's minimum");
const durationLike = (pattern: RegExp, example: string) =>
  like(pattern, `be a whole number with its unit, such as ${example}`).transform((v) => v as Duration);
export const duration = durationLike(durationPattern, "30s, 15m or 14d");
export const durationOrNone = durationLike(new RegExp(`^0s$|${durationPattern.source}`), "30s, or 0s");
// `pulumi config set --path` converts text that looks like a number or a boolean.
export const text = z
  .union([z.string(), z.number(), z.boolean()], { error: "must be text, a number, true or false" })
  .transform(String);
// `pulumi config set --path` leaves a number with a fraction as text.
export const fraction = (value: unknown): unknown =>
  typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
export const name = z.string().min(1);
export const port = integer(1, 65_535);
export const path = like(/^\/\S*$/, "start with / and contain no blanks");
export const url = z.url({ protocol: /^https?$/ });

/**
 * Environment variables or build arguments. Ragdock shows their values, so they must not contain
 * secrets. Elasticsearch has variables such as `discovery.type`.
 */
export const variables = z.record(
  like(/^[A-Za-z_][\w.-]*$/, "have letters, digits, _, . and - only, such as LOG_LEVEL"),
  text,
);

export const limits = z.strictObject({
  cpus: optional("CPUs. 0.5 is half of one.", z.preprocess(fraction, z.number().min(0.05).max(128))),
  memory: optional("Memory. The kernel kills a process that uses more (exit code 137).", memoryLimit),
  reservation: optional("Soft limit of its memory, for a host that is short of memory.", size),
});
