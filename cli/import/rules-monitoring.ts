import { always, improved, type Rules, unsupported } from "./verdict.ts";

/** Rules for a service that the monitoring of the stack replaces. */
export function monitoringRules(program: string): Rules {
  const own = always(
    improved(`Ragdock runs its own ${program}, with the rules and dashboards of the stack.`),
  );
  const lost = always(
    unsupported(`Ragdock configures its own ${program}. Copy your rules and dashboards into it by hand.`),
  );
  return {
    image: own,
    "environment.*": own,
    "ports[]": own,
    user: own,
    "healthcheck.test": own,
    command: lost,
    entrypoint: lost,
    "volumes[]": lost,
    "configs[]": lost,
  };
}
