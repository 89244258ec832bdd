import { imageModeOf } from "../../cli/system.ts";
import { imagePlan } from "../../components/image-plan.ts";
import { frontDoorImage } from "../../config/services/front-door.ts";
import { systemWith } from "./program.ts";
import { TestStack } from "./stack.ts";

/** The smallest system that runs the image. */
const settings = { system: "m31", images: "packages", ingress: { tls: "internal" } };

/** Builds the image of the sign-in and of certificates, as a stack does. Returns its reference. */
export async function buildFrontDoor(): Promise<string> {
  const stack = new TestStack("e2e-front-door", settings);
  try {
    const { code, output } = await stack.make("build");
    if (code !== 0) throw new Error(output);
    return imagePlan(frontDoorImage, await imageModeOf(systemWith(settings))).reference;
  } finally {
    await stack.remove();
  }
}
