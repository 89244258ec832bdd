// Declares one unsupported item of each kind.
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

const what = new pulumi.Config().require("what");
if (what === "image") new docker.Image("native", { imageName: "x", build: { context: "." }, skipPush: true });
if (what === "invoke") docker.getNetworkOutput({ name: "bridge" });
if (what === "import") new docker.Volume("found", { name: "found" }, { import: "found" });
if (what === "reference") new pulumi.StackReference("other/stack/dev");
if (what === "get") docker.Volume.get("found", "found");
