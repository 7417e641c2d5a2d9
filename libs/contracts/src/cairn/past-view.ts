import type { Caller } from '#bus/contract.js';
import type { UnitPlace, UnitStatuses } from '../workloads.js';
import type { DomainErrorValue } from '#platform/domain-error.js';
import type { Position } from '#ledger/ledger.js';

/** Hidden command of `cairn` that shows the past of a workload to the process that has started it. */
export const PAST_VIEW_COMMAND = 'past-view';

/** What is asked of a process that shows the past of a workload, one after the other. */
export type ViewOrder =
  | {
      /** From now on shows a workload as it was. */
      readonly kind: 'show';
      readonly ref: string;
      /** All that its documents are made of. */
      readonly streams: readonly string[];
      readonly until: Position;
    }
  | {
      /** Answers a GET request of one of the dialect's routes as it was answered then. */
      readonly kind: 'ask';
      readonly dialect: string;
      readonly url: string;
      readonly caller: Pick<Caller, 'username' | 'roles' | 'groups'>;
    }
  | {
      /** Lists statuses of units as they were. */
      readonly kind: 'statuses';
      readonly ref: string;
      readonly behind?: UnitPlace;
    };

/** Numbered, so that the answer names what it answers. */
export type NumberedOrder = ViewOrder & { readonly number: number };

/** An answer of an API. */
export interface PastAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What an order leads to, if it asks for something. */
export type ViewAnswer = PastAnswer | UnitStatuses;

export type ViewReport =
  | { readonly number: number; readonly answer?: ViewAnswer }
  | { readonly number: number; readonly failure: DomainErrorValue };
