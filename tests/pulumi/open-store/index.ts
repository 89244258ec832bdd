import * as docker from "@pulumi/docker";

new docker.Container("store", {
  image: "postgres",
  labels: [{ label: "ragdock.kind", value: "stateful" }],
  ports: [{ internal: 5432, external: 5432 }],
});
