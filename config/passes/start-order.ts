import { problem } from "../spec/problem.ts";
import { secretsOf } from "../spec/secrets.ts";
import { inStartOrder } from "../spec/start-order.ts";
import type { Pass } from "./pass.ts";

/**
 * Makes every service that has a store's password depend on the job that sets the password in the
 * store. Removes dependencies on services that do not exist, and refuses circular dependencies.
 */
export const startOrder: Pass = (services, run) => {
  const names = new Set(services.map(({ name }) => name));
  const ordered = services.map((service) => {
    const jobs = secretsOf(service).flatMap(({ validAfter }) => (validAfter ? [validAfter] : []));
    const dependsOn = [...new Set([...service.dependsOn, ...jobs])];
    return { ...service, dependsOn: dependsOn.filter((name) => name !== service.name && names.has(name)) };
  });
  const { circle } = inStartOrder(ordered);
  const why = "these services wait for each other in a cycle";
  const fix = "Remove one of the dependencies.";
  if (circle) run.problems.push(problem(`services.${circle[0]}`, circle.join(" → "), why, fix));
  return ordered;
};
