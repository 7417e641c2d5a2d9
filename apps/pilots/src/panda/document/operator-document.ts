import { createHash } from 'node:crypto';
import {
  type ConfigurationSection,
  LIST_SECTIONS,
  type ListSection,
  NAMED_SECTIONS,
  type NamedSection,
} from '#contracts/panda/administration.js';
import type { PandaUser, Vo, VoIssuer } from '#contracts/panda/configuration.js';
import { DEFAULT_RESOURCE_TYPES, DEFAULT_SHARES, type ResourceType, type Share } from '#contracts/panda/queues.js';
import { ERROR_SOURCES, RETRY_ACTIONS, type RetryRule } from '#contracts/panda/retry-rules.js';
import { BoundedPattern } from '#platform/bounded-pattern.js';
import { type EntryValue, LIST_NAME } from '../configuration/entry-events.js';
import { queueOf } from '../queue/queue.js';
import {
  amount,
  type Check,
  type Faults,
  flag,
  httpUrl,
  integer,
  listOf,
  members,
  object,
  oneOf,
  otherwise,
  someText,
  text,
} from './check.js';

/** An entry of the operator's document. */
export interface Entry extends EntryValue {
  /** Of what the operator has written. */
  readonly digest: string;
}

/** What events can carry. */
const ENTRY_CHARACTERS_MAX = 64 * 1024;

const integerOrNull = otherwise(integer, null);
const textOrNull = otherwise(text, null);
const texts = listOf(someText);

const shares: Check<readonly Share[]> = listOf(
  members<Share>({
    name: someText,
    value: amount,
    parent: textOrNull,
    prodsourcelabel: textOrNull,
    workinggroup: textOrNull,
    campaign: textOrNull,
    processingtype: textOrNull,
    transpath: textOrNull,
    vo: textOrNull,
    rtype: textOrNull,
    queue_id: integerOrNull,
    throttled: textOrNull,
  }),
);

const resourceTypes: Check<readonly ResourceType[]> = listOf(
  members<ResourceType>({
    resource_name: someText,
    mincore: integerOrNull,
    maxcore: integerOrNull,
    minrampercore: integerOrNull,
    maxrampercore: integerOrNull,
  }),
);

/** Codes are numbers or, those of transformations, texts. */
const errorCode: Check<string> = (value, path, faults) =>
  typeof value === 'number' ? String(integer(value, path, faults)) : someText(value, path, faults);

const pattern: Check<string> = (value, path, faults) => {
  const source = someText(value, path, faults);
  if (BoundedPattern.parse(source) === undefined) faults.add(path, 'must be a regular expression');
  return source;
};

/** Of memory or time: more is a slip. */
const FACTOR_MAX = 100;

const retryRules: Check<readonly RetryRule[]> = listOf(
  members<RetryRule>({
    name: someText,
    source: oneOf(...ERROR_SOURCES),
    code: errorCode,
    diagnostic: otherwise(pattern, null),
    architecture: textOrNull,
    release: textOrNull,
    work_queue: integerOrNull,
    action: oneOf(...RETRY_ACTIONS),
    value: otherwise(amount, null),
    active: otherwise(flag, true),
  }),
);

const user = members<Omit<PandaUser, 'name'>>({
  flags: (value, path, faults) => {
    const flags = otherwise(text, '')(value, path, faults);
    if (!/^[kptasg]*$/.test(flags)) faults.add(path, 'must have no letters but k, p, t, a, s, g');
    return flags;
  },
  status: otherwise(oneOf('ok', 'disabled'), 'ok'),
  email: textOrNull,
});

const providerOfTokens = members<Exclude<VoIssuer, 'cairn'>>({
  oidc_config_url: httpUrl,
  audiences: texts,
  jwt_profile: textOrNull,
});

const issuer: Check<VoIssuer> = (value, path, faults) => {
  if (value === 'cairn') return value;
  if (typeof value === 'string') faults.add(path, 'must be cairn, or an object with oidc_config_url and audiences');
  return typeof value === 'string' ? 'cairn' : providerOfTokens(value, path, faults);
};

const voOf = (name: string): Check<Omit<Vo, 'name'>> =>
  members<Omit<Vo, 'name'>>({
    issuers: listOf(issuer),
    members: otherwise(listOf(members({ group: someText, role: textOrNull })), [{ group: name, role: null }]),
    production_groups: otherwise(texts, ['production']),
    pilot_groups: otherwise(texts, ['production', 'pilot']),
    auto_roles: otherwise(texts, []),
    robots: otherwise(texts, []),
    client: otherwise(members({ client_id: someText, client_secret: otherwise(text, ''), audience: someText }), null),
  });

const named =
  <Value extends object>(check: Check<Value>) =>
  (name: string, value: unknown, path: string, faults: Faults): Value & { readonly name: string } => {
    if (name === '') faults.add(path, 'has an entry without a name');
    return { ...check(value ?? {}, path, faults), name };
  };

/** The value of an entry with a name, as it is kept. */
const VALUE_OF: {
  readonly [Name in NamedSection]: (name: string, value: unknown, path: string, faults: Faults) => object;
} = {
  queues: queueOf,
  users: named(user),
  vos: (name, value, path, faults) => named(voOf(name))(name, value, path, faults),
  storages: (name, value, path, faults) => ({ ...object(value, path, faults), name }),
};

/** Checks an entry with a name, and gives it as raw JSON with all defaults. */
export const namedValue = (section: NamedSection, name: string, value: unknown, faults: Faults): string => {
  const path = `${section}.${name}`;
  const kept = JSON.stringify(VALUE_OF[section](name, value, path, faults));
  if (section !== 'queues' && kept.length > ENTRY_CHARACTERS_MAX) {
    faults.add(path, `must be shorter than ${String(ENTRY_CHARACTERS_MAX)} characters`);
  }
  return kept;
};

/** Checks a list, and gives it as raw JSON with all defaults. */
export const listValue = (section: ListSection, value: unknown, faults: Faults): string => {
  const entries = CHECKED_LIST[section](value, faults);
  const kept = JSON.stringify(entries);
  if (kept.length > ENTRY_CHARACTERS_MAX) {
    faults.add(section, `must be shorter than ${String(ENTRY_CHARACTERS_MAX)} characters`);
  }
  return kept;
};

const checkedShares = (value: unknown, faults: Faults): readonly Share[] => {
  const all = shares(value, 'shares', faults);
  const parents = new Map(all.map(({ name, parent }) => [name, parent]));
  refuseRepeats(
    'shares',
    all.map(({ name }) => name),
    faults,
  );
  all.forEach(({ name, parent }, index) => {
    const path = `shares[${String(index)}].parent`;
    if (parent !== null && !parents.has(parent)) faults.add(path, `names no share: ${parent}`);
    // A path upwards that is longer than there are shares goes round.
    let above: string | null | undefined = parent;
    for (let steps = 0; steps < all.length && above != null && above !== name; steps += 1) above = parents.get(above);
    if (above === name) faults.add(path, 'makes the share its own ancestor');
  });
  return all;
};

const checkedTypes = (value: unknown, faults: Faults): readonly ResourceType[] => {
  const all = resourceTypes(value, 'resource_types', faults);
  refuseRepeats(
    'resource_types',
    all.map(({ resource_name: name }) => name),
    faults,
  );
  return all;
};

const checkedRules = (value: unknown, faults: Faults): readonly RetryRule[] => {
  const all = retryRules(value, 'retry_rules', faults);
  refuseRepeats(
    'retry_rules',
    all.map(({ name }) => name),
    faults,
  );
  all.forEach(({ action, value }, index) => {
    const isLimit = action === 'limit_retry';
    const path = `retry_rules[${String(index)}].value`;
    if (isLimit && !Number.isSafeInteger(value)) faults.add(path, 'must be an integer, because it limits attempts');
    if (!isLimit && (value ?? 0) > FACTOR_MAX) faults.add(path, `must be at most ${String(FACTOR_MAX)}`);
  });
  return all;
};

const CHECKED_LIST: { readonly [Name in ListSection]: (value: unknown, faults: Faults) => readonly object[] } = {
  shares: checkedShares,
  resource_types: checkedTypes,
  retry_rules: checkedRules,
};

const refuseRepeats = (section: ListSection, names: readonly string[], faults: Faults): void => {
  names.forEach((name, index) => {
    if (names.indexOf(name) < index) faults.add(`${section}[${String(index)}]`, `repeats the name ${name}`);
  });
};

/** JSON whose members are in one order, whatever the order in which they were written. */
const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;

const DIGEST_CHARACTERS = 22;

const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value ?? null, sorted))
    .digest('base64url')
    .slice(0, DIGEST_CHARACTERS);

/** The lists that hold until an operator gives others. */
export const DEFAULT_LISTS: Readonly<Record<ListSection, readonly object[]>> = {
  shares: DEFAULT_SHARES,
  resource_types: DEFAULT_RESOURCE_TYPES,
  retry_rules: [],
};

/** What holds without a document, and what stands for the sections that a document leaves out (contract 10.1). */
const DEFAULTS: Readonly<Record<ConfigurationSection, unknown>> = {
  queues: { LOCAL: {} },
  users: {},
  vos: { wlcg: { issuers: ['cairn'] } },
  storages: {},
  ...DEFAULT_LISTS,
};

const sections = members<Readonly<Record<ConfigurationSection, unknown>>>({
  queues: otherwise(object, DEFAULTS.queues),
  users: otherwise(object, DEFAULTS.users),
  vos: otherwise(object, DEFAULTS.vos),
  storages: otherwise(object, DEFAULTS.storages),
  shares: otherwise((value) => value, DEFAULTS.shares),
  resource_types: otherwise((value) => value, DEFAULTS.resource_types),
  retry_rules: otherwise((value) => value, DEFAULTS.retry_rules),
});

/** Checks the whole document, and takes it apart. What it gives is of use only if there were no faults. */
export const entriesOf = (document: unknown, faults: Faults): readonly Entry[] => {
  const given = sections(document ?? {}, '', faults);
  const entries = NAMED_SECTIONS.flatMap((section) =>
    Object.entries(given[section] as Readonly<Record<string, unknown>>).map(([name, value]): Entry => {
      return { section, name, value: namedValue(section, name, value, faults), digest: digestOf(value) };
    }),
  );
  const lists = LIST_SECTIONS.map((section): Entry => {
    return {
      section,
      name: LIST_NAME,
      value: listValue(section, given[section], faults),
      digest: digestOf(given[section]),
    };
  });
  refuseDanglingStorages(entries, faults);
  return [...entries, ...lists];
};

/** Storages that queues name must be there, unless the document has none at all: pilots may get them elsewhere. */
const refuseDanglingStorages = (entries: readonly Entry[], faults: Faults): void => {
  const known = new Set(entries.filter(({ section }) => section === 'storages').map(({ name }) => name));
  if (known.size === 0) return;
  for (const { section, name, value } of entries) {
    if (section !== 'queues') continue;
    const { document } = JSON.parse(value) as { document: string };
    const { astorages } = JSON.parse(document) as { astorages: Readonly<Record<string, readonly string[]>> };
    for (const [activity, storages] of Object.entries(astorages)) {
      storages.forEach((storage, index) => {
        if (known.has(storage)) return;
        faults.add(`queues.${name}.astorages.${activity}[${String(index)}]`, `names no storage: ${storage}`);
      });
    }
  }
};
