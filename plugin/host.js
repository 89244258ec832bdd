// Pulumi compiles a plugin's .ts entry with ts-node, whatever `typescript` says in PulumiPlugin.yaml
// (@pulumi/pulumi, cmd/run-plugin). ts-node does not see this import, so Node loads it as it is.
// Pulumi reads the types in index.ts.
export { RagService } from "../public/component.ts";
