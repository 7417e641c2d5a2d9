import type { Field } from '../route/field.js';
import { DomainError } from '#platform/domain-error.js';
import { documentOf, iceprodRoute, RESULT } from './iceprod-route.js';
import { TOKEN_HOLDERS } from './policies.js';

const tag = 'tokens';

/** A password may have to be checked at an LDAP server. */
export const LOGIN_DEADLINE_MS = 10_000;

/** A word of the body; whatever is wrong with the body is a login that failed (IceProd contract 15). */
const loginWord: Field<string, 'always'> = {
  from: 'body',
  required: true,
  schema: { type: 'string' },
  read: (source, name) => {
    try {
      const value = source.object[name];
      return typeof value === 'string' ? value : '';
    } catch (error) {
      if (error instanceof DomainError) return '';
      throw error;
    }
  },
};

/** A member that only the service judges, because others are judged before it: what has another type fits nothing. */
const judgedLater = <Value extends string | number>(
  schema: Readonly<Record<string, unknown>>,
  accept: (value: unknown) => Value,
): Field<Value, 'maybe'> => ({
  from: 'body',
  required: false,
  schema,
  read: (source, name) => {
    const value = source.object[name] ?? undefined;
    return value === undefined ? undefined : accept(value);
  },
});

const word = judgedLater({ type: 'string' }, (value) => (typeof value === 'string' ? value : ''));
const seconds = judgedLater({ type: 'integer', minimum: 0 }, (value) => (typeof value === 'number' ? value : -1));

/** IceProd contract 15. */
export const loginRoutes = {
  logIn: iceprodRoute({
    name: 'logIn',
    tag,
    method: 'POST',
    path: '/ldap',
    policy: 'public',
    summary: 'Checks a password and returns a long-lived token',
    fields: { username: loginWord, password: loginWord },
    deadlineMs: LOGIN_DEADLINE_MS,
    response: documentOf('Login'),
    errors: { 403: 'Login failed', 503: 'a service does not answer in time' },
  }),
  createToken: iceprodRoute({
    name: 'createToken',
    tag,
    method: 'POST',
    path: '/create_token',
    policy: TOKEN_HOLDERS,
    summary: 'Exchanges the token presented for one that grants less or ends sooner',
    fields: { type: word, role: word, exp: seconds },
    response: RESULT,
    errors: {
      400: 'invalid username; invalid role; invalid token type; invalid expiration; invalid role request; invalid token type request',
    },
  }),
};
