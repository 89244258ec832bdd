import type { ServiceKind } from "../kinds.ts";
import type { ComposeService } from "../read.ts";
import { at, isTrue, textOf, textsOf } from "../tree.ts";
import { programOf } from "./programs.ts";

/** The health check of an application, as its settings have it. Undefined for the default. */
export function healthcheckOf(
  { tree }: ComposeService,
  kind: ServiceKind,
  port: number | undefined,
): Record<string, unknown> | undefined {
  const given = at(tree, "healthcheck");
  const test = textsOf(at(given, "test"));
  const isOff = isTrue(at(given, "disable")) || test[0] === "NONE";
  const known = kind.kind === "foreign" ? programOf(kind.name).healthcheck : undefined;
  const check = isOff || test.length === 0 ? known : sameCheck(test, port);
  const timing = Object.fromEntries(
    (
      [
        ["startPeriod", "start_period"],
        ["interval", "interval"],
        ["timeout", "timeout"],
      ] as const
    ).flatMap(([name, key]) => {
      const time = asDuration(textOf(at(given, key)));
      return time ? [[name, time]] : [];
    }),
  );
  const retries = Number(textOf(at(given, "retries")));
  const all = {
    ...check,
    ...timing,
    ...(Number.isInteger(retries) && retries > 0 && retries <= 100 ? { retries } : {}),
  };
  return Object.keys(all).length > 0 ? all : undefined;
}

/**
 * A check that requests a path with wget or curl becomes Ragdock's own check of that path. Any
 * other check keeps its command.
 */
function sameCheck(test: readonly string[], port: number | undefined): Record<string, unknown> {
  const [form, ...rest] = test;
  const words = form === "CMD" ? rest : ["sh", "-c", rest.join(" ")];
  const path = checkedPath(rest.join(" "), port);
  return path ? { path } : { command: words };
}

/** The path that a health check requests from its own service over HTTP. */
function checkedPath(command: string, port: number | undefined): string | undefined {
  const [, checked = "", path = ""] =
    /^(?:curl|wget)\s[^|;&]*?\bhttps?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d+)(\/[^\s"'|;&]*)?["']?(?:\s*\|\|\s*exit 1)?$/.exec(
      command.trim(),
    ) ?? [];
  if (!checked || Number(checked) !== port || /https:/.test(command) || /\s-X|--header|-H\s/.test(command))
    return undefined;
  return path || "/";
}

/** A time of Compose, such as `1m30s`, in whole seconds. */
function asDuration(text: string | undefined): string | undefined {
  if (text === undefined || !/^(\d+(\.\d+)?(us|ms|s|m|h))+$/.test(text)) return undefined;
  const units = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 } as const;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g)];
  const seconds = parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * units[unit as keyof typeof units],
    0,
  );
  if (seconds <= 0) return undefined;
  const whole = Math.ceil(seconds);
  return whole % 60 === 0 ? `${whole / 60}m` : `${whole}s`;
}
