/** How important a message is. */
export type Severity = "debug" | "info" | "warning" | "error";

/** Takes the messages of the program and of the SDK. */
export type Log = (severity: Severity, message: string, urn?: string) => void;
