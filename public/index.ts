/** The exports that other Pulumi programs import as `ragdock`: docs/guide/own-system.md. */
export { RagService, type RagServiceArgs } from "./component.ts";
