/** nginx's own answers, as problem details (RFC 9457). */
import { addedHeaders } from "./nginx-guards.ts";

type Kind = "ingress" | "gateway";

interface NginxProblem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** The codes for which nginx always gives this answer. @default its status */
  readonly codes?: readonly number[];
  /**
   * Whether nginx may not know the path, because it could not read the request. Without a path, the
   * answer cannot come from a named location.
   */
  readonly unread?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The client may try again after these seconds. */
const again = { "Retry-After": "5" };

/**
 * The methods that nginx passes on. If an application refuses a method, it lists its own methods.
 */
const passed = { Allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" };

/** 494 is nginx's code for a header that is too large. */
const unreadable: readonly NginxProblem[] = [
  {
    status: 400,
    title: "Bad request",
    detail: "The request is not valid HTTP, or its header is larger than 8 KiB.",
    codes: [400, 494],
    unread: true,
  },
  {
    status: 405,
    title: "Method not allowed",
    detail: "No path accepts this method.",
    unread: true,
    headers: passed,
  },
  { status: 414, title: "URI too long", detail: "The address may be at most 8 KiB.", unread: true },
  { status: 501, title: "Not implemented", detail: "Send the body with a length, or chunked.", unread: true },
];

/** The only upstream of the ingress is a gateway. */
const unavailable = (kind: Kind): NginxProblem => ({
  status: 503,
  title: "Service unavailable",
  detail: "No service answers at this path yet. Try again in a few seconds.",
  codes: kind === "ingress" ? [500, 502, 504] : [],
  headers: again,
});

/** The failures of a service that took the request. The service may have processed the request. */
const broken: readonly NginxProblem[] = [
  {
    status: 502,
    title: "Bad gateway",
    detail: "The service closed the connection without a valid answer.",
    codes: [],
  },
  {
    status: 504,
    title: "Gateway timeout",
    detail: "The service took too long to answer.",
    codes: [],
  },
];

/**
 * Variables with the location that answers when a service fails. Without the time of a connection,
 * nothing has accepted one, so the service has not seen the request.
 */
export const failureMaps = `  map $upstream_connect_time $broken_off { default @problem_503; "~\\d" @problem_502; }
  map $upstream_connect_time $too_late { default @problem_503; "~\\d" @problem_504; }
`;

const failures: Readonly<Record<Kind, readonly string[]>> = {
  ingress: [],
  gateway: ["error_page 502 = $broken_off;", "error_page 504 = $too_late;"],
};

const notFound: NginxProblem = { status: 404, title: "Not found", detail: "No service has this path." };

const tooLarge = (limit: string): NginxProblem => ({
  status: 413,
  title: "Request too large",
  detail: `A request may be at most ${limit}.`,
});

const tooMany: NginxProblem = {
  status: 429,
  title: "Too many requests",
  detail: "This client has too many requests at once. Try again in a few seconds.",
  headers: again,
};

/** The checks that only the ingress makes. */
const refused: readonly NginxProblem[] = [
  {
    status: 403,
    title: "Forbidden",
    detail: "A page of another site sent this request. ragdock:ingress.origins can allow the site.",
  },
  {
    status: 421,
    title: "Misdirected request",
    detail: "This host name is not served. ragdock:ingress.hosts lists the names that are served.",
  },
];

/** All answers of the ingress or of a gateway, except those for requests that are too large. */
const problemsOf = (kind: Kind): NginxProblem[] => [
  ...unreadable,
  notFound,
  unavailable(kind),
  tooMany,
  ...(kind === "ingress" ? refused : broken),
];

/** The limit of a request: that of a path for small requests, or that of the server. */
export type Limit = "small" | "large";

const target = ({ status, unread }: NginxProblem): string =>
  unread ? `/.ragdock/problems/${status}` : `@problem_${status}`;

/** The `error_page` lines of a server or a location. A location with its own inherits no others. */
export const errorPages = (indent: string, kind: Kind, limit: Limit = "large"): string =>
  [
    ...problemsOf(kind).flatMap((problem) => {
      const codes = problem.codes ?? [problem.status];
      return codes.length > 0 ? [`error_page ${codes.join(" ")} = ${target(problem)};`] : [];
    }),
    ...failures[kind],
    `error_page 413 = @too_large_${limit};`,
  ]
    .map((line) => `${indent}${line}\n`)
    .join("");

/** The locations that `errorPages` leads to. */
export const problemLocations = (kind: Kind, maxBody: number): string =>
  [
    ...problemsOf(kind).map((problem) => location(target(problem), problem, kind)),
    location("@too_large_large", tooLarge(`${maxBody} MiB`), kind),
    ...(kind === "gateway" ? [location("@too_large_small", tooLarge("64 KiB"), kind)] : []),
  ].join("");

function location(path: string, problem: NginxProblem, kind: Kind): string {
  const { title, status, detail, headers = {}, unread } = problem;
  const own = Object.entries(headers).map(([name, value]) => `      add_header ${name} "${value}" always;\n`);
  // A location that adds a header inherits no other headers.
  const repeated = own.length > 0 && kind === "ingress" ? addedHeaders("      ") : "";
  return `    location ${unread ? "= " : ""}${path} {
${unread ? "      internal;\n" : ""}      default_type application/problem+json;
${own.join("")}${repeated}      return ${status} '${JSON.stringify({ title, status, detail })}';
    }
`;
}
