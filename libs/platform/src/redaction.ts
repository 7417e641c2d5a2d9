const HIDDEN = '[hidden]';

/** Names of fields and of parameters in URLs whose values are secrets. */
export const SECRET_NAMES = [
  'authorization',
  'password',
  'pass',
  'secret',
  'token',
  'client_secret',
  'refresh_token',
  'access_token',
  'id_token',
  'secret_key',
] as const;

const NAMES = SECRET_NAMES.join('|');

/** User and password of a URL, up to the last `@` before a space, a quote or the path. */
const USER_IN_URL = /:\/\/[^\s/"'`<>]*@/g;
/** Addresses for clients that send no headers begin their path with `/t/` and a token. */
const TOKEN_IN_PATH = /(:\/\/[^\s/"'`<>]+\/t\/)[^\s/"'`<>]+/g;
const PARAMETER = new RegExp(`([?&](?:${NAMES})=)[^&\\s"'#]+`, 'gi');
/** In JSON text, as lines of the log are. */
const MEMBER = new RegExp(`("(?:${NAMES})":)"(?:[^"\\\\]|\\\\.)*"`, 'gi');
const BEARER = /\b(Bearer|Basic) +[\w.~+/=-]+/gi;
/** Words with at least two dots between them. They begin where no word is before: otherwise each letter would be tried as a beginning. */
const DOTTED_WORDS = /(?<![\w-])[\w-]+(?:\.[\w-]+){2,}/g;
const JSON_WEB_TOKEN = /\beyJ[^]+/;

/**
 * The text without what may be a secret in it: user and password of URLs, tokens in their paths, parameters and JSON members that are
 * named like a secret, HTTP credentials and JSON web tokens. For everything that is printed or logged and was not made by Cairn
 * alone, such as messages of errors that libraries throw.
 */
export const redacted = (text: string): string =>
  text
    .replace(USER_IN_URL, `://${HIDDEN}@`)
    .replace(TOKEN_IN_PATH, `$1${HIDDEN}`)
    .replace(PARAMETER, `$1${HIDDEN}`)
    .replace(MEMBER, `$1"${HIDDEN}"`)
    .replace(BEARER, `$1 ${HIDDEN}`)
    .replace(DOTTED_WORDS, (words) => words.replace(JSON_WEB_TOKEN, HIDDEN));
