/** Files that several attacks name. */
export const frontDoor = "tests/systems/front-door.test.ts";
export const ingress = "tests/images/ingress.test.ts";
export const reachability = "tests/unit/config/reachability.test.ts";
export const networks = "tests/e2e/full/networks.test.ts";
export const checks = "tools/check.sh";
export const auth = (name: string): string => `front-door/tests/auth/test_${name}.py`;
export const library = (name: string): string => `app/library/tests/test_${name}.py`;
