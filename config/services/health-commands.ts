/** Asks with BusyBox's wget, which is on the PATH of every image that uses this. */
export const wget = (port: number, path: string): readonly string[] => [
  "wget",
  "-q",
  "-T",
  "4",
  "-O",
  "/dev/null",
  `http://127.0.0.1:${port}${path}`,
];

/** Asks for a path and wants a 200, with bash alone: for images without an HTTP client. */
export function bashHttp(port: number, path: string): readonly string[] {
  const request = `GET ${path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n`;
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf '${request}' >&3; read -r -t 4 _ status _ <&3; [[ $status == 200 ]]`;
  return ["bash", "-c", script];
}

/** `nobody` in the images of the Prometheus project. */
export const nobody = "65534:65534";
