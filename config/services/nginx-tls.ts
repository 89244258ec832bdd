/** TLS of the ingress. tests/images/tls.test.ts uses a real one. */
import { certificatesName, certificatesVolume, challengePort, plainPort } from "./certificates.ts";
import { guards } from "./nginx-guards.ts";
import { errorPages, problemLocations } from "./nginx-problems.ts";

/**
 * The certificate and the protocols of all servers. The path contains a variable, so nginx reads
 * the certificate at each handshake. The configuration is the same for each domain. The ciphers are
 * those of Mozilla's intermediate list (ssl-config.mozilla.org, version 5.7).
 *
 * nginx opens the certificate and then the key. A change in between would fail the handshake. So it
 * reads from one folder for ten seconds, and from another one for the next ten. The program
 * `certificates` replaces each of them while nginx reads from the other one.
 */
export const tlsSettings = `  map $msec $certificate { default odd; "~[02468]\\d\\.\\d+$" even; }
  ssl_certificate ${certificatesVolume.path}/$certificate/fullchain.pem;
  ssl_certificate_key ${certificatesVolume.path}/$certificate/privkey.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
  ssl_prefer_server_ciphers off;
  ssl_session_cache shared:tls:4m;
  ssl_session_timeout 1h;
  # nginx does not change the key of tickets while it runs.
  ssl_session_tickets off;

`;

/**
 * A server with TLS. It redirects requests without TLS that come to its port. nginx checks the
 * request again before the internal path. With an address instead of the path, nginx would redirect
 * a request without these checks, whatever its `Host`.
 */
export const tlsServer = `    http2 on;
    error_page 497 = /.ragdock/tls;
    location = /.ragdock/tls { internal; return 308 https://$http_host$request_uri; }
`;

/** The server of the port without TLS. @param port where browsers reach the service with TLS */
export const plainServer = (port: number, maxBody: number): string => `
  server {
    listen ${plainPort};
${guards}${errorPages("    ", "ingress")}
    location ^~ /.well-known/acme-challenge/ {
      set $certificates ${certificatesName};
      proxy_pass http://$certificates:${challengePort};
    }
    location / { return 308 https://$host${port === 443 ? "" : `:${port}`}$request_uri; }
${problemLocations("ingress", maxBody)}  }
`;
