import { type Problem, problem } from "../spec/problem.ts";
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
  if (circle) run.problems.push(waitInCircle(circle));
  return ordered;
};

const waitInCircle = (circle: readonly string[]): Problem =>
  problem(
    `services.${circle[0]}`,
    circle.join(" → "),
    "these services wait for each other in a circle",
    "Remove one of the dependencies.",
  );
