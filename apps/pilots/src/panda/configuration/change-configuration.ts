import { DomainError } from '#platform/domain-error.js';
import type { Nothing } from '#bus/contract.js';
import type { ConfigurationEntry, ConfigurationSection, ListSection } from '#contracts/panda/administration.js';
import { isObject, type JsonMembers } from '#platform/json-object.js';
import type { Decision } from '#event-sourcing/command.js';
import { Faults } from '../document/check.js';
import { DEFAULT_LISTS, type Entry, listValue, namedValue } from '../document/operator-document.js';
import { configured, LIST_NAME, removed } from './entry-events.js';
import type { ConfigurationView } from './entry-tables.js';

interface DocumentReply {
  readonly document: string;
}

/** By which member the entries of a list are named. */
const NAME_OF_ITEM: Readonly<Record<ListSection, string>> = {
  shares: 'name',
  resource_types: 'resource_name',
  retry_rules: 'name',
};

export const isList = (section: ConfigurationSection): section is ListSection => section in NAME_OF_ITEM;

const entryNotFound = ({ section, name }: ConfigurationEntry): DomainError =>
  new DomainError('not-found', 'panda.configuration.not-found', `There is no ${name} in ${section}`);

const invalid = (faults: Faults): DomainError =>
  new DomainError('invalid', 'panda.configuration.invalid', faults.list.join('; '));

/**
 * Applies what changed in the operator's document since it was read last, and nothing else: what was changed through the API meanwhile lasts
 * (contract 10.1).
 */
export const readDocument = (view: ConfigurationView, entries: readonly Entry[]): Decision<{ changed: number }> => {
  const changed = entries
    .filter(({ section, name, digest }) => view.digest(section, name) !== digest)
    .map((entry) => configured(entry, entry.digest));
  const present = new Set(entries.map(({ section, name }) => `${section}.${name}`));
  const gone = view.entriesOfDocument().flatMap(({ section, name }) => {
    return isList(section) || present.has(`${section}.${name}`) ? [] : [removed(section, name, '')];
  });
  return { events: [...changed, ...gone], reply: { changed: changed.length + gone.length } };
};

/** Items of a list in their order, by name. */
export const itemsOf = (view: ConfigurationView, section: ListSection): ReadonlyMap<string, JsonMembers> => {
  const value = view.value(section, LIST_NAME);
  const items: readonly JsonMembers[] =
    value === undefined ? DEFAULT_LISTS[section].map((item) => ({ ...item })) : (JSON.parse(value) as JsonMembers[]);
  return new Map(items.map((item) => [String(item[NAME_OF_ITEM[section]]), item]));
};

/** What answers show of an entry: of a queue its document. */
export const shownEntry = (
  view: ConfigurationView,
  { section, name }: ConfigurationEntry,
): DocumentReply | DomainError => {
  const document = isList(section)
    ? textOf(itemsOf(view, section).get(name))
    : section === 'queues'
      ? view.queue(name)?.document
      : view.value(section, name);
  return document === undefined ? entryNotFound({ section, name }) : { document };
};

const textOf = (value: object | undefined): string | undefined =>
  value === undefined ? undefined : JSON.stringify(value);

const shownValue = (section: ConfigurationSection, value: string): string =>
  section === 'queues' ? (JSON.parse(value) as { document: string }).document : value;

/** Sets an entry whole. What is left out counts as its default. */
export const setEntry = (
  view: ConfigurationView,
  { section, name, document }: ConfigurationEntry & DocumentReply,
): Decision<DocumentReply> => {
  const given: unknown = JSON.parse(document);
  const faults = new Faults();
  if (!isList(section)) {
    const value = namedValue(section, name, withoutName(section, name, given), faults);
    if (faults.list.length > 0) return invalid(faults);
    const events = view.value(section, name) === value ? [] : [configured({ section, name, value })];
    return { events, reply: { document: shownValue(section, value) } };
  }
  const items = new Map(itemsOf(view, section));
  const member = NAME_OF_ITEM[section];
  if (!isObject(given) || (given[member] !== undefined && given[member] !== name)) {
    faults.add(section, `must be an object, with "${name}" as its ${member} if that is given`);
    return invalid(faults);
  }
  items.set(name, { ...given, [member]: name });
  return setList(view, section, items, name);
};

/** What answers show of an entry has its name as a member, which the operator's document has not. */
const withoutName = (section: ConfigurationSection, name: string, given: unknown): unknown => {
  if ((section !== 'users' && section !== 'vos') || !isObject(given) || given['name'] !== name) return given;
  return Object.fromEntries(Object.entries(given).filter(([member]) => member !== 'name'));
};

const setList = (
  view: ConfigurationView,
  section: ListSection,
  items: ReadonlyMap<string, JsonMembers>,
  name: string,
): Decision<DocumentReply> => {
  const faults = new Faults();
  const value = listValue(section, [...items.values()], faults);
  if (faults.list.length > 0) return invalid(faults);
  const item = (JSON.parse(value) as readonly JsonMembers[]).find((each) => each[NAME_OF_ITEM[section]] === name);
  const events = view.value(section, LIST_NAME) === value ? [] : [configured({ section, name: LIST_NAME, value })];
  return { events, reply: { document: JSON.stringify(item ?? null) } };
};

/** Removes an entry. Jobs of a queue that is gone stay where they are. */
export const removeEntry = (view: ConfigurationView, entry: ConfigurationEntry): Decision<Nothing> => {
  const { section, name } = entry;
  if (!isList(section)) {
    return view.value(section, name) === undefined
      ? entryNotFound(entry)
      : { events: [removed(section, name)], reply: {} };
  }
  const items = new Map(itemsOf(view, section));
  if (!items.delete(name)) return entryNotFound(entry);
  const decision = setList(view, section, items, name);
  return decision instanceof DomainError ? decision : { events: decision.events, reply: {} };
};
