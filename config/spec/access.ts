/** The roles of people and programs. Each role has all rights of the role before it. */
export const accessRoles = ["reader", "editor", "admin"] as const;

export type AccessRole = (typeof accessRoles)[number];

/**
 * Who may send requests to some paths of a service. By default, a reader may send GET and HEAD
 * requests and open WebSockets, and an editor may send all other requests.
 */
export interface AccessRule {
  readonly path: string;
  /** Whether the rule is for all paths that start with `path`. @default for `path` only */
  readonly prefix?: boolean;
  /** @default all methods */
  readonly methods?: readonly string[];
  readonly role: AccessRole;
  /**
   * The limit of `ragdock:ingress.limits` that counts these requests, in addition to `requests`.
   */
  readonly counts?: "questions" | "uploads";
}

/** The rule for a path that takes questions. */
export const asks = (path: string): AccessRule => ({
  path,
  methods: ["POST"],
  role: "reader",
  counts: "questions",
});

/** The rule for a path that takes files. */
export const uploadsTo = (path: string, method = "POST"): AccessRule => ({
  path,
  methods: [method],
  role: "editor",
  counts: "uploads",
});

/** The rule for a service that only admins use. */
export const forAdmins: readonly AccessRule[] = [{ path: "/", prefix: true, role: "admin" }];
