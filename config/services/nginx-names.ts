/**
 * Host names that serve one path of the stack. The ingress puts the path in front of a request, so
 * the gateway and the sign-in decide about the same path as under `ragdock:ingress.domain`.
 * tests/images/names.test.ts attacks a real ingress.
 */
import type { IngressSettings } from "../settings/ingress.ts";
import { authPages } from "./auth.ts";
import { literal } from "./nginx-guards.ts";

const isUsed = ({ names }: IngressSettings): boolean => Object.keys(names).length > 0;

/**
 * The maps of the names. nginx decides by `$uri`, from which it has removed `..` and double
 * slashes, and passes on what the client wrote. The gateway interprets the path in the same way.
 * `\z` is the end of the text: `$` also matches before a line end.
 */
export function nameMaps(settings: IngressSettings): string {
  if (!isUsed(settings)) return "";
  const own = settings.signIn ? [String.raw`\.ragdock/(${authPages.join("|")})\z`] : [];
  const fronts = Object.entries(settings.names).flatMap(([name, path]) => {
    const front = path.replace(/\/$/, "");
    const kept = [String.raw`${literal(front.slice(1))}(/|\z)`, ...own].join("|");
    return front ? [`    "~^${literal(name)}/(?!${kept})" ${front};\n`] : [];
  });
  return `  map "$host$uri" $front {
    default "";
${fronts.join("")}  }
`;
}

/** The address that the gateway gets. Without names, nginx passes on what the client wrote. */
export const frontedUri = (settings: IngressSettings): string =>
  isUsed(settings) ? "$front$request_uri" : "";
