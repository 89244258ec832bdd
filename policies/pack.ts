/** The rules as a policy pack for the Pulumi CLI: `pulumi preview --policy-pack policies`. */
import { PolicyPack, type ResourceValidationPolicy } from "@pulumi/policy";
import { shownTo } from "../config/spec/message.ts";
import { type ContainerInputs, declaredContainer, declaredImage, type ImageInputs } from "./declared.ts";
import { containerRules, imageRules, type Rule } from "./rules.ts";

/**
 * @param view turns a resource into the view that the rule checks. Undefined for a resource that
 * the rule does not concern
 */
const policy = <View>(
  { name, level, description, check }: Rule<View>,
  type: string,
  view: (name: string, inputs: Readonly<Record<string, unknown>>) => View | undefined,
): ResourceValidationPolicy => ({
  name,
  description,
  enforcementLevel: level,
  validateResource: (resource, reportViolation) => {
    const seen = resource.type === type ? view(resource.name, resource.props) : undefined;
    if (seen === undefined) return;
    for (const { path, found, problem, fix } of check(seen))
      reportViolation(`${path}: found ${found}; ${problem}. ${shownTo(fix, { deployer: "pulumi" })}`);
  },
});

new PolicyPack("ragdock", {
  policies: [
    ...containerRules.map((rule) =>
      policy(rule, "docker:index/container:Container", (name, inputs) =>
        declaredContainer(name, inputs as ContainerInputs),
      ),
    ),
    ...imageRules.map((rule) =>
      policy(rule, "docker:index/remoteImage:RemoteImage", (name, inputs) =>
        declaredImage(name, inputs as unknown as ImageInputs),
      ),
    ),
  ],
});
