import fc from "fast-check";

const word = fc.stringMatching(/^[a-z]{1,6}$/);
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(word, tie("tree"), { maxKeys: 3 }),
  ),
})).tree;
const pairs = fc.oneof(
  fc.dictionary(word, word),
  fc.array(fc.tuple(word, word).map(([k, v]) => `${k}=${v}`)),
);
const list = fc.array(word, { maxLength: 3 });
const port = fc.oneof(
  fc.constantFrom("80", "80:80", "127.0.0.1:80:80", "1-2:1-2", "53:53/udp"),
  fc.record({ target: fc.nat(), published: fc.nat(), mode: word, odd: word }, { requiredKeys: ["target"] }),
);
const volume = fc.oneof(
  fc.constantFrom("/data", "data:/data", "./src:/src:ro", "~/x:/x:ro,z", "/var/run/docker.sock:/s"),
  fc.record(
    { type: fc.constantFrom("bind", "volume", "tmpfs", "npipe"), source: word, target: word, odd: value },
    { requiredKeys: ["type"] },
  ),
);
const service = fc.record(
  {
    image: fc.constantFrom(
      "a",
      "a/b:1",
      "postgres:17",
      "redis",
      "chromadb/chroma",
      "grafana/grafana",
      "nginx:latest",
    ),
    build: fc.oneof(word, fc.record({ context: word, args: pairs, odd: value }, { requiredKeys: [] })),
    command: fc.oneof(word, list),
    environment: pairs,
    ports: fc.array(port, { maxLength: 3 }),
    volumes: fc.array(volume, { maxLength: 3 }),
    depends_on: fc.oneof(fc.array(word), fc.dictionary(word, fc.record({ condition: word, odd: value }))),
    networks: fc.oneof(fc.array(word), fc.dictionary(word, value)),
    healthcheck: value,
    deploy: value,
    logging: value,
    extra_hosts: pairs,
    secrets: fc.array(fc.oneof(word, fc.record({ source: word, uid: word }, { requiredKeys: ["source"] }))),
    tmpfs: fc.oneof(word, list),
    labels: pairs,
    "x-own": value,
    constructor: value,
    unknown: value,
  },
  { requiredKeys: [] },
);
/** The data of a Compose file, with keys that Compose knows and others. */
export const composeFile = fc.record(
  { services: fc.dictionary(word, service, { maxKeys: 3 }), volumes: value, networks: value, "x-top": value },
  { requiredKeys: ["services"] },
);
