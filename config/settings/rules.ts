import { removeCommand, setCommand, toRun } from "../spec/message.ts";
import { type Problem, problem, withoutEffect } from "../spec/problem.ts";
import { valueAt } from "./issues.ts";
import { type Settings, settings as settingsSchema, userSecrets, type VectorStore } from "./schema.ts";
import { closest } from "./suggest.ts";

/** The general settings that a system supports. */
export interface SystemTraits {
  /** The places where the system can keep vectors. @default `vectorStore` has no effect */
  readonly vectorStore?: {
    readonly allowed: readonly VectorStore[];
    readonly dev: VectorStore;
    readonly prod: VectorStore;
  };
  /** Whether it uses embedding models or language models. @default neither */
  readonly models?: object;
  /**
   * Whether it runs on any version of PostgreSQL. @default false, `postgresVersion` has no effect
   */
  readonly anyPostgres?: true;
  /** Whether it collects events of Open Agenda. @default false */
  readonly collectsEvents?: true;
  /** Whether a user's application can replace its API. @default false */
  readonly takesApp?: true;
}

/** Reports general settings, or values of them, that a system does not support. */
export function traitProblems(
  settings: Settings,
  raw: Readonly<Record<string, unknown>>,
  system: SystemTraits,
  services: Readonly<Record<"prometheus" | "alertmanager" | "postgres" | "redis" | "chroma", boolean>>,
): Problem[] {
  const { prometheus, alertmanager, postgres, redis, chroma } = services;
  const useless: readonly (readonly [key: string, hasEffect: boolean, why: string])[] = [
    ["vectorStore", system.vectorStore !== undefined, "cannot choose where it keeps vectors"],
    ["embeddings", system.models !== undefined, "uses no embedding model"],
    ["llm", system.models !== undefined, "uses no language model"],
    ["openAgenda", system.collectsEvents === true, "collects no events; only rag-events does"],
    ["app", system.takesApp === true, "runs its own application; use the system full for yours"],
    ["apps", system.takesApp === true, "runs its own applications; use the system full for yours"],
    ["postgresVersion", system.anyPostgres === true, "runs one fixed version of PostgreSQL"],
    ["postgres", postgres, "has no PostgreSQL"],
    ["redis", redis, "has no Redis"],
    ["chroma", chroma, "has no Chroma with these settings"],
    ["monitoring", prometheus, "has no Prometheus"],
    ["monitoring.alertWebhook", !prometheus || alertmanager, "has no Alertmanager to send alerts"],
    ["embeddings.dimension", !system.models || system.takesApp === true, "sets the dimension of each model"],
  ];
  return [
    ...useless
      .filter(([key, hasEffect]) => !hasEffect && valueAt(raw, key.split(".")) !== undefined)
      .map(([key, , why]) => withoutEffect(key, `${settings.system} ${why}`)),
    ...wrongVectorStore(settings, system),
  ];
}

function wrongVectorStore({ system, vectorStore }: Settings, traits: SystemTraits): Problem[] {
  const allowed = traits.vectorStore?.allowed;
  if (!allowed || !vectorStore || allowed.includes(vectorStore)) return [];
  const fix = `${toRun}${setCommand("vectorStore", allowed[0] as string)}`;
  return [problem("vectorStore", `"${vectorStore}"`, `${system} supports ${allowed.join(" or ")}`, fix)];
}

export function unknownSystem(found: string, names: readonly string[]): Problem {
  const fix = `${toRun}${setCommand("system", names[0] ?? "full")}`;
  const what = `must be one of ${names.join(", ")}, the path of a file such as ../my-system.ts, or the name of an installed package`;
  return problem("system", `"${found}"`, what, fix);
}

/** Whether a name has the format of a variable name. */
const isVariable = (name: string): boolean => /^[A-Z0-9_]+$/.test(name);

export function unknownRotations(rotations: Settings["rotations"], known: readonly string[]): Problem[] {
  const choices = known.join(", ") || "none: no secret can be rotated";
  const fix = known[0]
    ? `Correct the name, such as: ${setCommand(`rotations.${known[0]}`, "2")}; or remove it.`
    : `${toRun}${removeCommand("rotations")}`;
  const found = "a rotation of a secret that the system does not have";
  // A variable of an application that has left keeps its rotation. Otherwise the value from before
  // the rotation would be used when the application comes back.
  return Object.keys(rotations)
    .filter((name) => !known.includes(name) && !isVariable(name))
    .map((name) => problem(`rotations.${name}`, found, `it has ${choices}`, fix));
}

/**
 * Whether the name of an encrypted value is that of a setting, or similar to one. Other encrypted
 * values may belong to an application that was removed. They are never shown.
 */
const resemblesSetting = (key: string): boolean =>
  !isVariable(key) &&
  closest(key, [...Object.keys(settingsSchema.shape), ...Object.keys(userSecrets)]) !== undefined;

/**
 * Reports settings that are encrypted in the stack's file but would be in clear text in previews,
 * state and containers.
 */
export const encryptedInVain = (encrypted: ReadonlySet<string>, asked: readonly string[] = []): Problem[] =>
  [...encrypted]
    .filter((key) => !Object.hasOwn(userSecrets, key) && !asked.includes(key) && resemblesSetting(key))
    .map((key) => {
      const why = `only ${Object.keys(userSecrets).join(", ")} can be secret; Ragdock would show this value`;
      return problem(key, "an encrypted value", why, `Set it without --secret, after: ${removeCommand(key)}`);
    });
