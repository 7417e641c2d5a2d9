import type { PandaDirectoryEvents, PandaUser, Vo } from '#contracts/panda/configuration.js';
import type { ConfigurationSection, NamedSection } from '#contracts/panda/administration.js';
import type { PandaConfigurationEvents, Queue, QueueEvents, ResourceType, Share } from '#contracts/panda/queues.js';
import type { RetryRule } from '#contracts/panda/retry-rules.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import { CONFIGURATION_STREAM, queueStream } from '../streams.js';

export type EntryEvents = QueueEvents & PandaConfigurationEvents & PandaDirectoryEvents;
export type EntryEvent = EventOf<EntryEvents>;

export const ENTRY_EVENTS: readonly (keyof EntryEvents)[] = [
  ...(['QueueConfigured', 'QueueRemoved', 'UserConfigured', 'UserRemoved', 'VoConfigured', 'VoRemoved'] as const),
  ...(['StorageConfigured', 'StorageRemoved', 'SharesConfigured', 'ResourceTypesConfigured'] as const),
  'RetryRulesConfigured',
];

/** A list is one entry, whose name is empty. */
export const LIST_NAME = '';

/** An entry of the configuration: `value` is raw JSON with all defaults. */
export interface EntryValue {
  readonly section: ConfigurationSection;
  readonly name: string;
  readonly value: string;
}

/** Records that an entry is like this now. */
export const configured = ({ section, name, value }: EntryValue, fromDocument?: string): DecidedEvent => {
  const from = fromDocument === undefined ? {} : { from_document: fromDocument };
  const inDirectory = (event: EntryEvent): DecidedEvent => ({ stream: CONFIGURATION_STREAM, ...event });
  switch (section) {
    case 'queues': {
      const data: EntryEvents['QueueConfigured'] = { queue: JSON.parse(value) as Queue, ...from };
      return { stream: queueStream(name), type: 'QueueConfigured', data };
    }
    case 'users':
      return inDirectory({ type: 'UserConfigured', data: { user: JSON.parse(value) as PandaUser, ...from } });
    case 'vos':
      return inDirectory({ type: 'VoConfigured', data: { vo: JSON.parse(value) as Vo, ...from } });
    case 'storages':
      return inDirectory({ type: 'StorageConfigured', data: { name, document: value, ...from } });
    case 'shares':
      return inDirectory({ type: 'SharesConfigured', data: { shares: JSON.parse(value) as Share[], ...from } });
    case 'resource_types': {
      const data = { resource_types: JSON.parse(value) as ResourceType[], ...from };
      return inDirectory({ type: 'ResourceTypesConfigured', data });
    }
    case 'retry_rules': {
      const data = { retry_rules: JSON.parse(value) as RetryRule[], ...from };
      return inDirectory({ type: 'RetryRulesConfigured', data });
    }
  }
};

/** Records that there is no such entry any more. */
export const removed = (section: NamedSection, name: string, fromDocument?: string): DecidedEvent => {
  const data = fromDocument === undefined ? { name } : { name, from_document: fromDocument };
  switch (section) {
    case 'queues':
      return { stream: queueStream(name), type: 'QueueRemoved', data };
    case 'users':
      return { stream: CONFIGURATION_STREAM, type: 'UserRemoved', data };
    case 'vos':
      return { stream: CONFIGURATION_STREAM, type: 'VoRemoved', data };
    case 'storages':
      return { stream: CONFIGURATION_STREAM, type: 'StorageRemoved', data };
  }
};

/** What an event says of an entry: its new value, or that it is gone. */
export const entryOf = ({ type, data }: EntryEvent): Omit<EntryValue, 'value'> & { readonly value: string | null } => {
  switch (type) {
    case 'QueueConfigured':
      return { section: 'queues', name: data.queue.name, value: JSON.stringify(data.queue) };
    case 'QueueRemoved':
      return { section: 'queues', name: data.name, value: null };
    case 'UserConfigured':
      return { section: 'users', name: data.user.name, value: JSON.stringify(data.user) };
    case 'UserRemoved':
      return { section: 'users', name: data.name, value: null };
    case 'VoConfigured':
      return { section: 'vos', name: data.vo.name, value: JSON.stringify(data.vo) };
    case 'VoRemoved':
      return { section: 'vos', name: data.name, value: null };
    case 'StorageConfigured':
      return { section: 'storages', name: data.name, value: data.document };
    case 'StorageRemoved':
      return { section: 'storages', name: data.name, value: null };
    case 'SharesConfigured':
      return { section: 'shares', name: LIST_NAME, value: JSON.stringify(data.shares) };
    case 'ResourceTypesConfigured':
      return { section: 'resource_types', name: LIST_NAME, value: JSON.stringify(data.resource_types) };
    case 'RetryRulesConfigured':
      return { section: 'retry_rules', name: LIST_NAME, value: JSON.stringify(data.retry_rules) };
  }
};
