import { auth, authRoute, identityCheck } from "../services/auth.ts";
import type { ServiceTemplate } from "../services/module.ts";
import { consolePath } from "../services/monitoring.ts";
import { isLongRunning, type LongRunning, type Route, type ServiceSpec } from "../spec/service.ts";
import type { Pass, Run } from "./pass.ts";

/**
 * If the stack has a sign-in, puts it in front of everything that the gateway leads to, and the web
 * pages of the monitoring services behind it. Applications get the key with which they check its
 * tokens.
 */
export const signIn: Pass = (services, run) => {
  const gateway = services.find((s) => isLongRunning(s) && s.role === "gateway");
  if (!run.ctx.settings.ingress.signIn || !gateway || !isLongRunning(gateway)) return services;
  const guarded = withSignIn(gateway, services);
  return services.flatMap((service): ServiceTemplate[] => {
    if (service === gateway) return [auth(run.ctx), guarded];
    return [isApplication(service, gateway) ? withIdentity(service, run) : service];
  });
};

function withSignIn(gateway: LongRunning, services: readonly ServiceSpec[]): ServiceTemplate<LongRunning> {
  const routes = gateway.routes ?? [];
  const listens = [...new Set(routes.map(({ listen }) => listen))];
  const pages = consoles(services, listens[0] ?? 0);
  const added = [...listens.map(authRoute), ...pages];
  return {
    ...gateway,
    routes: [...routes, ...added],
    calls: [...(gateway.calls ?? []), ...pages.map(({ service }) => service)],
    dependsOn: [...gateway.dependsOn, ...listens.slice(0, 1).map((listen) => authRoute(listen).service)],
  };
}

/** The routes to the web pages of the monitoring services. */
const consoles = (services: readonly ServiceSpec[], listen: number): Route[] =>
  services.flatMap((s) =>
    isLongRunning(s) && s.role === "monitoring" && s.ports[0]
      ? [
          {
            listen,
            path: consolePath(s.name),
            service: s.name,
            port: s.ports[0].container,
            strip: true,
          },
        ]
      : [],
  );

/**
 * The applications of the project, which check the token. A user's own application can also check
 * it.
 */
const isApplication = (service: ServiceSpec, { routes = [] }: LongRunning): boolean =>
  service.role === "api" && isLongRunning(service) && routes.some((route) => route.service === service.name);

function withIdentity(service: ServiceTemplate, { ctx }: Run): ServiceTemplate {
  const { environment, files } = identityCheck(ctx);
  return {
    ...service,
    environment: { ...service.environment, ...environment },
    files: [...service.files, ...files],
  };
}
