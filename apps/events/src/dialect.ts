import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import type { UnitHome } from '#contracts/cairn/history.js';
import type { EventMetadata } from '#ledger/ledger.js';
import type { StreamCategory } from '#ledger/ref.js';
import type { MentionsByType } from './index/mentioned.js';
import type { Descriptions, Nouns } from './timeline/description.js';

/**
 * Who may read what a stream records, as the dialect's own API has it for the same data: whoever has a token, administrators (roles `admin` and
 * `system`), or whom the access rule of the workload lets read. With `rule-if-any` a workload without a rule is for everyone.
 */
export type Readers = 'everyone' | 'administrators' | 'rule' | 'rule-if-any';

/** Names an event that led to others: the last one of a type in a stream, or the first one of a request (correlation id). */
export type Origin = { readonly stream: string; readonly type: string } | { readonly request: string };

/** What a dialect has in the events service. */
export interface EventsDialect extends ServiceDialect {
  /** Every workload of the dialect has a stream of this category in the namespace `main`; absent in what has no workloads. */
  readonly workloads?: StreamCategory;
  readonly mentions: MentionsByType;
  /** Streams besides a workload's own without which the API does not answer questions about it. */
  readonly aroundWorkloads?: readonly string[];
  /** @param namespace the middle part of the ref in the stream's name, such as `main` */
  readonly readersOf: (category: StreamCategory, namespace: string) => Readers;
  readonly nouns: Nouns;
  /** Where a document with a public id is, if its id says it. */
  readonly documentOf?: (id: string) => UnitHome | undefined;
  /** What its events mean: every type that its streams have. */
  readonly descriptions: Descriptions;
  /** The event that led to another one, as far as the ids of command and request tell it. */
  readonly originOf?: (metadata: EventMetadata) => Origin | undefined;
}
