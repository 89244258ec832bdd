/** What the application says. In a file of its own, to show that a system may have several. */
export const greeting = "What do you want to know?";
