/**
 * The text that the application shows. It is in a second file, to show that a system may have
 * several files.
 */
export const greeting = "What do you want to know?";
