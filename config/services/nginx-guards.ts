/**
 * What the ingress checks before it passes a request on, and the headers that it adds to each
 * answer. tests/images/ingress.test.ts attacks a real ingress.
 */
import type { IngressSettings } from "../settings/ingress.ts";

/**
 * Requests of one address at the same time. Clients behind one proxy or one NAT share an address,
 * and each open page of a web interface is one request.
 */
const connectionsPerAddress = 2000;

/**
 * Uploads of one address to Streamlit, which keeps the files in memory. A browser sends six of the
 * chosen files at a time. Eight uploads pass immediately. Others wait, and pass one after another.
 */
const uploads = { perSecond: 1, immediate: 8, waiting: 30 } as const;

/**
 * Requests with a body that one address sends to an application at the same time. An API process
 * handles 16 questions at once, and 48 more wait. The gateway refuses more requests before it asks
 * who sends them, and before it writes a body to its disk. So an overload costs little. More large
 * bodies than the disk can write would delay all other requests. The web interface sends the
 * questions of all its users from one address.
 */
const bodiesAtOnce = { all: 64, large: 16 } as const;

/** A regular expression that matches this text only. */
export const literal = (text: string): string => text.replaceAll(/[^\w/-]/g, "\\$&");

/**
 * Trusts `X-Forwarded-Proto` from a TLS proxy in front. Without such a proxy, a client that forges
 * the header affects only its own request.
 */
const forwardedProto = "  map $http_x_forwarded_proto $forwarded_proto { https https; default $scheme; }\n\n";

/**
 * The maps and zones of the ingress.
 *
 * A browser adds `Origin` to each request that can change something, and to each WebSocket. The
 * page of another site cannot set `Origin`, `Sec-Fetch-Site` or `X-Forwarded-Host`. A proxy in
 * front may change `Host`, but it passes on `Sec-Fetch-Site`. Programs send none of these headers.
 */
export const guardMaps = ({ origins, hosts, names, domain, trustedProxies, tls }: IngressSettings): string =>
  `${forwardedProto}${trustedProxies.map((proxy) => `  set_real_ip_from ${proxy};\n`).join("")}${
    trustedProxies.length > 0 ? "  real_ip_header X-Forwarded-For;\n  real_ip_recursive on;\n" : ""
  }  map $remote_addr $client { default $remote_addr; }
  map $upstream_status $unpassed { "" 1; default 0; }

  # Requests of the pages of other sites.
  map "$request_method:$http_upgrade" $acts { default 1; "~^(GET|HEAD|OPTIONS):$" 0; }
  # Anyone on the way can change a page without TLS, so it is another site for a service with TLS.
  map "$forwarded_proto $http_origin|$http_host|$http_x_forwarded_host" $origin {
    default foreign;
    "~^\\w+ \\|" none;
    "~*^(\\w+ https|http http)://(?<self>[^|]+)\\|(\\k<self>\\||[^|]*\\|(.*, ?)?\\k<self>$)" own;
${origins.map((origin) => `    "~*^\\w+ ${literal(origin)}\\|" own;\n`).join("")}  }
  map "$origin:$http_sec_fetch_site" $foreign {
    default 0;
    "~^foreign:(?!same-origin$)" 1;
    "~^none:(cross|same)-site$" 1;
  }
  # The checks run again for an answer of nginx itself to a request that it could not read.
  map $uri $answers { default 0; "~^/\\.ragdock/problems/" 1; }
  map "$answers$acts$foreign" $refused { default 0; 011 1; }
  map "$answers$unserved" $misdirected { default 0; 01 1; }
  map "$host|$http_host" $unserved {
    default ${hosts.length > 0 ? 1 : 0};
    # Not a host name: an application could redirect to it.
    "~\\|.*[^\\w.:\\[\\]-]" 1;
${servedHosts(hosts, [domain ?? "localhost", ...Object.keys(names)])}  }

  limit_conn_zone $binary_remote_addr zone=addresses:4m;
  map "$request_method $uri" $uploader { default ""; "~^PUT /_stcore/upload_file" $binary_remote_addr; }
  limit_req_zone $uploader zone=uploads:1m rate=${uploads.perSecond}r/s;
  limit_conn_status 429;
  limit_req_status 429;
  limit_conn_log_level info;
  limit_req_log_level info;

${transportMap}${headerMaps(origins, strictTransport(tls))}
${addedHeaders("  ")}
`;

/** IP addresses are always served: no other site can use one as its name (DNS rebinding). */
const servedHosts = (hosts: readonly string[], own: readonly string[]): string =>
  (hosts.length > 0
    ? [...new Set(["localhost", ...own, ...hosts])].map(literal).concat("[0-9.]+", "\\[[^|]*")
    : []
  )
    .map((host) => `    "~*^${host}\\|" 0;\n`)
    .join("");

/** The checks of each server of the ingress. */
export const guards = `    if ($misdirected) { return 421; }
    if ($refused) { return 403; }
    limit_conn addresses ${connectionsPerAddress};
    limit_req zone=uploads burst=${uploads.waiting} delay=${uploads.immediate};
    # Streamlit's metrics count sessions and users.
    location ^~ /_stcore/metrics { return 404; }
`;

/**
 * The gateway's maps. The UI sends requests to the gateway directly, not through the ingress. The
 * pages of a user's own application may load from other sites. A policy that they send is kept.
 */
export const gatewayMaps = ({ origins }: IngressSettings): string =>
  `  map $http_x_real_ip $client { default $http_x_real_ip; "" $remote_addr; }
  map $request_method $sender { default ""; POST $client; PUT $client; }
  # A body of a megabyte or more, or one that does not announce its length.
  map $content_length $large_sender { default ""; "" $sender; "~^[0-9]{7}" $sender; }
  limit_conn_zone $sender zone=bodies_at_once:1m;
  limit_conn_zone $large_sender zone=large_bodies_at_once:1m;
  limit_conn_status 429;
  limit_conn_log_level info;
  map $upstream_http_content_security_policy $own_content { default ""; "" "${frameAncestors(origins)}"; }
  map $upstream_http_permissions_policy $own_permissions {
    default "";
    "" "camera=(self), microphone=(self), geolocation=(self)";
  }
`;

/** The limit of a location of a gateway. Only the applications of Ragdock's systems have it. */
export const bodyLimit = `      limit_conn bodies_at_once ${bodiesAtOnce.all};
      limit_conn large_bodies_at_once ${bodiesAtOnce.large};
`;

/**
 * The gateway adds these headers to pages of a user's own application. They replace the headers of
 * the ingress.
 */
export const ownPageHeaders = `      add_header Content-Security-Policy $own_content always;
      add_header Permissions-Policy $own_permissions always;
`;

const frameAncestors = (origins: readonly string[]): string =>
  ["frame-ancestors 'self'", ...origins].join(" ");

/**
 * The headers of each answer, unless the application sends the header itself. Streamlit and Swagger
 * UI need inline scripts and styles, and Streamlit's charts compile their expressions.
 */
const headersOf = (origins: readonly string[] = [], transport = ""): Record<string, string> => ({
  "Strict-Transport-Security": transport,
  "Content-Security-Policy": [
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    frameAncestors(origins),
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
  // X-Frame-Options cannot name other sites. If there are any, frame-ancestors alone decides.
  "X-Frame-Options": origins.length > 0 ? "" : "SAMEORIGIN",
});

const variable = (header: string): string => header.toLowerCase().replaceAll("-", "_");

/** nginx adds no header whose value is empty. */
const headerMaps = (origins: readonly string[], transport: string): string =>
  Object.entries(headersOf(origins, transport))
    .map(([header, value]) => {
      const name = variable(header);
      return `  map $upstream_http_${name} $added_${name} { default ""; "" "${value}"; }`;
    })
    .join("\n");

/**
 * Tells browsers to use TLS only, for a year. Not sent with the stack's own authority: a browser
 * that does not know the authority could not open the page at all.
 */
const strictTransport = (tls: IngressSettings["tls"]): string =>
  tls === "acme" || tls === "files" ? "$transport" : "";

/**
 * Browsers keep the header for all ports of a name. On a developer's localhost, other ports have no
 * TLS.
 */
const transportMap = `  map "$scheme $host" $transport { default ""; "~^https (?!localhost$)" "max-age=31536000"; }
`;

/** The lines that add the headers. A location that adds another header must repeat them. */
export const addedHeaders = (indent: string): string =>
  Object.keys(headersOf())
    .map((header) => `${indent}add_header ${header} $added_${variable(header)} always;\n`)
    .join("");
