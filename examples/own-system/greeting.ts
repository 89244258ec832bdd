/** What the application says. It is in a second file, because a system may have several. */
export const greeting = "What do you want to know?";
