import { ownSettings } from "../../cli/stack-file.ts";

/** Where the images of the stack dev come from: the tools use the same. */
export const imagesOfDev = (): "registry" | "packages" =>
  ownSettings("dev").images === "registry" ? "registry" : "packages";
