import { stringify } from "yaml";
import type { Blackbox } from "../config/spec/service.ts";

/** The blackbox exporter's configuration: how to check over HTTP and over TCP. */
export function renderBlackbox(): string {
  // Docker's networks use IPv4 by default, and a check that prefers IPv6 fails at the name lookup.
  const ipv4 = { preferred_ip_protocol: "ip4", ip_protocol_fallback: true };
  const modules: Record<Blackbox["module"], object> = {
    http_2xx: { prober: "http", timeout: "5s", http: { ...ipv4, follow_redirects: false } },
    tcp_connect: { prober: "tcp", timeout: "5s", tcp: ipv4 },
  };
  return stringify({ modules }, { lineWidth: 0 });
}
