// Pulumi compiles a pack's .ts entry with ts-node, whatever `typescript` says in PulumiPolicy.yaml
// (@pulumi/pulumi, cmd/run-policy-pack). ts-node does not see this import, so Node loads it as it is.
import "./pack.ts";
