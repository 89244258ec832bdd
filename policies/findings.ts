import type { Problem } from "../config/spec/problem.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { containerRules, imageRules, type Level, type Rule } from "./rules.ts";
import { imagesOf, type ReferenceOf, viewOf } from "./view.ts";

/** A rule that a system breaks. */
export interface Finding {
  readonly rule: string;
  readonly level: Level;
  readonly problem: Problem;
}

/** Everything in a system that breaks a rule. */
export const findings = ({ services }: SystemSpec, referenceOf: ReferenceOf): Finding[] => [
  ...broken(containerRules, services.map(viewOf)),
  ...broken(imageRules, imagesOf(services, referenceOf)),
];

const broken = <View>(rules: readonly Rule<View>[], views: readonly View[]): Finding[] =>
  rules.flatMap(({ name, level, check }) =>
    views.flatMap(check).map((problem) => ({ rule: name, level, problem })),
  );

/** The findings that are errors. */
export const refused = (all: readonly Finding[], policy: "advise" | "strict"): Problem[] =>
  all.filter(({ level }) => level === "mandatory" || policy === "strict").map(({ problem }) => problem);
