/** The gateway's port. */
export const port = 18_080;

/** Prometheus' port. */
export const prometheusPort = 19_090;

/** The name of the stack under test. */
export const name = "e2e";

/** The settings of the stack under test. */
export const settings = {
  system: "full",
  environment: "dev",
  images: "packages",
  monitoring: { scrapeInterval: "5s" },
  services: {
    gateway: { port },
    prometheus: { port: prometheusPort },
    alertmanager: { port: 19_093, exposure: "loopback" },
  },
};
