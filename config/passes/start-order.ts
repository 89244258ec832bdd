import { problem } from "../spec/problem.ts";
import { inStartOrder } from "../spec/start-order.ts";
import type { Pass } from "./pass.ts";

/** Forgets dependencies on services that are not there, and refuses services that wait for each other in a circle. */
export const startOrder: Pass = (services, run) => {
  const names = new Set(services.map(({ name }) => name));
  const ordered = services.map((service) => ({
    ...service,
    dependsOn: service.dependsOn.filter((name) => names.has(name)),
  }));
  const { circle } = inStartOrder(ordered);
  const why = "these services wait for each other in a circle";
  const fix = "Remove one of the dependencies.";
  if (circle) run.problems.push(problem(`services.${circle[0]}`, circle.join(" → "), why, fix));
  return ordered;
};
