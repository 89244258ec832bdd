/** The components whose types Pulumi reads. It starts host.js. */
export { RagService } from "../public/component.ts";
