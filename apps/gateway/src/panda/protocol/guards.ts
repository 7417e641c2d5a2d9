import type { Principal } from '#contracts/panda/principal.js';
import type { Access, LegacyAnswer, PandaFunction } from './function.js';
import { fields, json, tuple } from './legacy-answers.js';

/** Literal texts of contract 1.9. */
export const MESSAGES = {
  secure: 'SSL secure connection is required',
  production: 'production or pilot role required',
  owner: 'not the task owner or no production role',
} as const;

/** A guard that refused, and what it says. */
export interface Refused {
  readonly guard: 'secure' | 'production' | 'method' | 'arguments' | 'owner';
  readonly message: string;
}

/** Whether the identity is proved by more than a limited proxy (contract 2.1). */
const isSecure = (principal: Principal | undefined): principal is Principal =>
  principal !== undefined && !principal.dn.includes('/CN=limited proxy');

/** With `compat.relaxedReads`, some functions ask for less (D14). */
export const accessOf = ({ access, relaxed }: PandaFunction, isRelaxed: boolean): Access =>
  isRelaxed ? (relaxed ?? access) : access;

/** Guards 1 and 2 of contract 1.2. */
export const accessProblem = (
  { acceptsPilots }: PandaFunction,
  access: Access,
  principal: Principal | undefined,
): Refused | undefined => {
  if (access === 'none') return undefined;
  if (!isSecure(principal)) return { guard: 'secure', message: MESSAGES.secure };
  const hasRole = principal.isProduction || (acceptsPilots === true && principal.isPilot);
  return access === 'secure' || hasRole ? undefined : { guard: 'production', message: MESSAGES.production };
};

/** HEAD counts as GET, and PUT as POST (D2). */
const DECLARED_AS: Readonly<Record<string, string>> = { HEAD: 'GET', PUT: 'POST' };

/** Guard 3. The legacy API does not check methods (contract 12). */
export const methodProblem = ({ api, methods }: PandaFunction, method: string): Refused | undefined => {
  const declared: readonly string[] = methods;
  if (api === 'legacy' || declared.includes(DECLARED_AS[method] ?? method)) return undefined;
  return { guard: 'method', message: `expecting ${methods.join('|')}, received ${method}` };
};

/** Of the legacy API and of claims: the role is missing. */
export const NO_ROLE = 'no production/pilot role in VOMS FQANs or non pilot owner';

/** Status words of contract 12. */
const STATUS_CODES = { secure: 70, production: 60, owner: 70, method: 50, arguments: 50 } as const;
/** A service has refused. */
const FAILED = 30;

const refusal = ({ refusal: style }: PandaFunction, StatusCode: number, errorDialog: string): LegacyAnswer => {
  if (style === 'tuple') return tuple(false, errorDialog);
  if (style === 'text') return { kind: 'text', text: errorDialog };
  return (style === 'json' ? json : fields)({ StatusCode, errorDialog });
};

/** How the legacy API says that a guard refused (contract 12). */
export const legacyRefusal = (declared: PandaFunction, { guard, message }: Refused): LegacyAnswer =>
  refusal(declared, STATUS_CODES[guard], guard === 'production' ? NO_ROLE : message);

/** How the legacy API says that a service refused. */
export const legacyFailure = (declared: PandaFunction, message: string): LegacyAnswer =>
  refusal(declared, FAILED, message);
