/** The severity of a message. */
export type Severity = "debug" | "info" | "warning" | "error";

/** Receives the messages of the program and of the SDK. */
export type Log = (severity: Severity, message: string, urn?: string) => void;
