import { stringify } from "yaml";
import type { Blackbox } from "../config/spec/blackbox.ts";

/** The blackbox exporter's configuration: how to check over HTTP, over TCP and over TLS. */
export function renderBlackbox(): string {
  // Docker's networks use IPv4 by default, and a check that prefers IPv6 fails at the name lookup.
  const ipv4 = { preferred_ip_protocol: "ip4", ip_protocol_fallback: true };
  const modules: Record<Blackbox["module"], object> = {
    http_2xx: {
      prober: "http",
      timeout: "5s",
      // The host name that the health checks in the containers send. Django refuses other host
      // names.
      http: { ...ipv4, follow_redirects: false, headers: { Host: "127.0.0.1" } },
    },
    tcp_connect: { prober: "tcp", timeout: "5s", tcp: ipv4 },
    // The name in the address is that of a service. The certificate is for the domain.
    tls_connect: {
      prober: "tcp",
      timeout: "5s",
      tcp: { ...ipv4, tls: true, tls_config: { insecure_skip_verify: true } },
    },
  };
  return stringify({ modules }, { lineWidth: 0 });
}
