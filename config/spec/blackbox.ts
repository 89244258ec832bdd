/**
 * A check from outside the container: the path answers 2xx, or the port accepts a connection, with
 * TLS or without.
 */
export type Blackbox = HttpCheck | { readonly module: "tcp_connect" | "tls_connect"; readonly port: number };

export interface HttpCheck {
  readonly module: "http_2xx";
  readonly port: number;
  readonly path: string;
}
