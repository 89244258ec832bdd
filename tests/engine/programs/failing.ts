// Registers a component that the monitor rejects and a resource that depends on it. Logs another
// error.
import * as pulumi from "@pulumi/pulumi";

class Custom extends pulumi.CustomResource {}

const failed = new pulumi.ComponentResource("enginetest:index:Thing", "failed");
new Custom("enginetest:index:Custom", "dependent", { on: failed.urn });
await pulumi.log.error("resource other [enginetest:index:Thing] failed to register");
