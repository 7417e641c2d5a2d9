/** User name of everybody who holds the role `system` (IceProd contract 2.2). */
export const SYSTEM_USERNAME = 'iceprod-system';

/** Part of every name of a person of an external issuer, and of no local name. */
const EXTERNAL_MARK = '://';

/** Characters that cannot be seen or that end a line: names that contain them look like other names. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

const NAME_CHARACTERS_MAX = 255;

/** OpenID Connect Core, section 2: at most 255 ASCII characters. Other subjects could be spelled in several ways. */
const SUBJECT = /^[\x21-\x7e]{1,255}$/;

/**
 * A user name of this Cairn in its only spelling (NFC); undefined for a text that is no such name: empty, longer than 255
 * characters, with invisible characters or blanks around it, or like the name of a person of an external issuer.
 */
export const localName = (text: string): string | undefined => {
  if (text.length > NAME_CHARACTERS_MAX) return undefined;
  const name = text.normalize('NFC');
  const isUsable = name !== '' && name === name.trim() && !INVISIBLE.test(name) && !name.includes(EXTERNAL_MARK);
  return isUsable ? name : undefined;
};

/**
 * Name of a person who is known by an external issuer only: `<subject>@<issuer URL>`. It never equals a local name, nor the name
 * of a person of another issuer. Undefined for a subject that OpenID does not allow.
 */
export const externalName = (issuer: string, subject: string): string | undefined =>
  SUBJECT.test(subject) ? `${subject}@${issuer}` : undefined;

/** A subject, and a URL of any length that is in use. */
const EXTERNAL_CHARACTERS_MAX = 2_500;
const EXTERNAL_NAME = /^[\x21-\x7e]{1,255}@https?:\/\/[\x21-\x7e]+$/;

/** The unique name of an account that Cairn's own tokens name: a local name in its only spelling, or a person of an external issuer. */
export const accountName = (text: string): string | undefined =>
  text.length <= EXTERNAL_CHARACTERS_MAX && EXTERNAL_NAME.test(text) ? text : localName(text);

export const isAccountName = (text: string): boolean => accountName(text) === text;

/** Names of the accounts of services, which the embedded OpenID provider makes from the ids of its clients. */
export const SERVICE_ACCOUNT_PREFIX = 'service-account-';

/** A local name that a person may log in with; undefined for others, and for those that belong to services. */
export const personName = (text: string): string | undefined => {
  const name = localName(text);
  return name === SYSTEM_USERNAME || name?.startsWith(SERVICE_ACCOUNT_PREFIX) === true ? undefined : name;
};
