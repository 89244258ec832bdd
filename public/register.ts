/**
 * Makes `ragdock/system` and `ragdock/testing` known to programs that Ragdock does not start, such
 * as tests: `node --import ../ragdock/public/register.ts --test`.
 */
import { provideRagdock } from "../config/systems/modules.ts";

provideRagdock();
