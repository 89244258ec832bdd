/**
 * The locations of a gateway. tests/unit/config/gateway.test.ts and tests/images use them.
 */
import { type Content, content, joined } from "../spec/content.ts";
import type { Route } from "../spec/service.ts";
import { type Duration, seconds } from "../spec/units.ts";
import { guarded } from "./nginx-auth.ts";
import { bodyLimit, literal, ownPageHeaders } from "./nginx-guards.ts";
import { errorPages, type Limit } from "./nginx-problems.ts";

/** A route, and what the gateway must know of the service behind it. */
export interface RoutedPath extends Route {
  /** The path below it that clients must not reach. */
  readonly hidden?: string;
  /** The paths below it that take large requests. @default all */
  readonly uploadPaths?: readonly string[];
  /** Whether its pages belong to a user's own application. @default false */
  readonly ownPages?: boolean;
  /** The longest time without a byte of its answer. @default `defaultAnswerTimeout` */
  readonly answerTimeout?: Duration;
  /**
   * Whether all its containers get requests at once. Other services get no requests before they are
   * healthy.
   * @default false
   */
  readonly byName?: boolean;
}

/** Metrics are reachable only on the system's own networks. */
const hide = ({ hidden }: RoutedPath): string =>
  hidden ? `    location ~ ^${literal(hidden)}(/|$) { return 404; }\n` : "";

/**
 * A gateway's locations: one for the route, and one for each path below it that takes large
 * requests. nginx refuses a path that two locations have. Its variables cannot contain hyphens.
 */
export function toRevision(route: RoutedPath, routes: readonly RoutedPath[], hasSignIn: boolean): Content {
  const { uploadPaths } = route;
  const upstream = `$upstream_${route.service.replaceAll("-", "_")}`;
  const target = route.byName ? route.service : { revisionOf: route.service };
  const asked = hasSignIn ? guarded(route) : "";
  // This ends the directives that set variables, so it comes after them.
  const stripped = route.strip ? `      rewrite ^${literal(route.path)}(.*)$ /$1 break;\n` : "";
  const wait = route.answerTimeout ? `      proxy_read_timeout ${seconds(route.answerTimeout)}s;\n` : "";
  const settings = `${route.ownPages ? ownPageHeaders : ""}${wait}${asked}`;
  const sizes = { small: "      client_max_body_size 64k;\n", large: "" };
  const limited = uploadPaths ? bodyLimit : "";
  const location = (path: string, limit: Limit): Content => content`
    location ${path} {
${settings}${limited}${sizes[limit]}${
  limit === "small" || hasSignIn ? errorPages("      ", "gateway", limit) : ""
}      set ${upstream} ${target};
${stripped}      proxy_pass http://${upstream}:${route.port};
    }`;
  const takesUploads = !uploadPaths || uploadPaths.some((path) => route.path.startsWith(path));
  if (takesUploads) return content`\n${hide(route)}${location(route.path, "large")}`;
  const longer = routes.filter(({ path }) => path.length > route.path.length);
  const large = uploadPaths
    .filter((path) => path.startsWith(route.path) && !longer.some((other) => path.startsWith(other.path)))
    .map((path) => location(path, "large"));
  return content`\n${hide(route)}${location(route.path, "small")}${joined(large)}`;
}
