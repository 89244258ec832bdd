/**
 * The requests of a gateway to the sign-in: who sends a request, and whether they may send it. The
 * headers that applications get come from its answers only. tests/systems/front-door.test.ts
 * attacks a real one.
 */
import { type Content, content, joined } from "../spec/content.ts";
import type { Route } from "../spec/service.ts";
import { authPages, authPath } from "./auth.ts";

/** The headers that tell applications who sends a request, and the variables of their values. */
const identityHeaders = {
  "X-Ragdock-Identity": "$auth_identity",
  "X-Ragdock-Role": "$auth_role",
  "X-Forwarded-User": "$auth_user",
  "X-Forwarded-Email": "$auth_email",
  "X-Forwarded-Groups": "$auth_groups",
} as const;

const answered = (header: string): string => `$upstream_http_${header.toLowerCase().replaceAll("-", "_")}`;

/** Replaces what the client sent. Without a sign-in, nothing is known about the client. */
export const identityForwarded = (hasSignIn: boolean): string =>
  Object.entries(identityHeaders)
    .map(([header, variable]) => `  proxy_set_header ${header} ${hasSignIn ? variable : '""'};\n`)
    .join("");

/** What the gateway keeps of the answers of the sign-in. */
const answers = {
  ...Object.fromEntries(Object.entries(identityHeaders).map(([header, name]) => [name, header])),
  $auth_refusal: "X-Ragdock-Refusal",
  $auth_limit: "RateLimit",
  $auth_policy: "RateLimit-Policy",
};

/** The lines of a location that only signed-in people and programs may use. */
export const guarded = ({ service }: Route): string => `      set $auth_service ${service};
      auth_request /.ragdock/check/${service};
      error_page 401 403 = @refused;
      error_page 500 = @problem_503;
      add_header RateLimit $auth_limit always;
      add_header RateLimit-Policy $auth_policy always;
`;

/** What the sign-in must know about a request. */
const original = (service: string): string => `      proxy_method GET;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Upgrade "";
      proxy_set_header Connection "";
      proxy_set_header X-Real-IP $client;
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Original-URI $request_uri;
      proxy_set_header X-Ragdock-Service ${service};
`;

/**
 * The locations that ask the sign-in, one per service; the answers to refused requests; and the
 * pages to sign in and out.
 */
export function authLocations(auth: Route, routes: readonly Route[]): Content {
  const upstream = content`      set $upstream_auth ${{ revisionOf: auth.service }};\n`;
  const services = [...new Set(routes.map(({ service }) => service))];
  const checks = services.map(
    (service) => content`
    location = /.ragdock/check/${service} {
      internal;
${upstream}${original(service)}      proxy_pass http://$upstream_auth:${auth.port}/check;
    }`,
  );
  const kept = Object.entries(answers)
    .map(([name, header]) => `    auth_request_set ${name} ${answered(header)};\n`)
    .join("");
  return content`
${kept}${joined(checks)}
    location @refused {
${upstream}${original("$auth_service")}      proxy_set_header X-Ragdock-Refusal $auth_refusal;
      proxy_set_header X-Forwarded-User $auth_user;
      proxy_set_header X-Ragdock-Role $auth_role;
      proxy_pass http://$upstream_auth:${auth.port}/refused;
    }
    location ~ ^${authPath.replaceAll(".", "\\.")}(${authPages.join("|")})$ {
      client_max_body_size 64k;
${upstream}      proxy_pass http://$upstream_auth:${auth.port};
    }`;
}
