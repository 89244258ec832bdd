import type { AlertCase } from "./alert-case.ts";
import { certificateCases } from "./certificate-alert-cases.ts";
import { infrastructureCases } from "./infrastructure-alert-cases.ts";
import { resourceCases } from "./resource-alert-cases.ts";
import { serviceCases } from "./service-alert-cases.ts";
import { signInCases } from "./sign-in-alert-cases.ts";

/**
 * For each alert, series that fire it. Most alerts also have similar series that must not fire it.
 */
export const alertCases: readonly AlertCase[] = [
  ...serviceCases,
  ...infrastructureCases,
  ...certificateCases,
  ...resourceCases,
  ...signInCases,
];
