import { command, type Nothing, type Page, query } from '#bus/contract.js';

/** Sections of the operator's document whose entries have names (PanDA contract 10.1). */
export const NAMED_SECTIONS = ['queues', 'users', 'vos', 'storages'] as const;
export type NamedSection = (typeof NAMED_SECTIONS)[number];

/** Sections that are one list, in which the order counts. */
export const LIST_SECTIONS = ['shares', 'resource_types', 'retry_rules'] as const;
export type ListSection = (typeof LIST_SECTIONS)[number];

export const CONFIGURATION_SECTIONS = [...NAMED_SECTIONS, ...LIST_SECTIONS] as const;
export type ConfigurationSection = (typeof CONFIGURATION_SECTIONS)[number];

export interface ConfigurationEntry {
  readonly section: ConfigurationSection;
  readonly name: string;
}

/** Entries of a section as raw JSON with all defaults; queues are their documents. In the order of their names, lists in their own. */
export const ListConfiguration = query<{ readonly section: ConfigurationSection; readonly cursor?: string }, Page>(
  'pilots',
  'panda.configuration.list',
);
export const GetConfiguration = query<ConfigurationEntry, { readonly document: string }>(
  'pilots',
  'panda.configuration.get',
);
/** `document` is raw JSON in the form of the operator's document. Replies the entry with all defaults. */
export const SetConfiguration = command<
  ConfigurationEntry & { readonly document: string },
  { readonly document: string }
>('pilots', 'panda.configuration.set', ['tasks']);
export const RemoveConfiguration = command<ConfigurationEntry, Nothing>('pilots', 'panda.configuration.remove', [
  'tasks',
]);
