import { ownSettings } from "../../cli/stack-file.ts";

/** Returns the setting `images` of the stack dev. The tools use the same setting. */
export const imagesOfDev = (): "registry" | "packages" =>
  ownSettings("dev").images === "registry" ? "registry" : "packages";
