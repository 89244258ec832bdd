/** What the settings say about an application without a Dockerfile. */
export interface Request {
  /** The entry point, if the settings name one. */
  readonly module?: string | undefined;
  /** The version of Python, if the settings name one. */
  readonly python?: string | undefined;
  /** The build of PyTorch. @default cpu */
  readonly torchBackend?: string | undefined;
  /** Whether the entry point is served. If not, the application has a command. */
  readonly isServed: boolean;
}

/** How a folder without a Dockerfile is built and started. `{port}` stands for its port. */
export interface Recognised {
  readonly language: "python" | "node";
  /** The version of the language, as the image is called. */
  readonly version: string;
  /** What was found, in one line. */
  readonly says: string;
  /** Arguments of the build. */
  readonly args: Readonly<Record<string, string>>;
  /** Absent if the application has a command. */
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}
