import type { Caller } from '#bus/contract.js';
import type { UnitPlace } from '../workloads.js';
import type { DomainErrorValue } from '#platform/domain-error.js';
import type { Position } from '#ledger/ledger.js';

/** Hidden command of `cairn` that shows the past of workloads to the process that has started it. */
export const PAST_VIEW_COMMAND = 'past-view';

/** A workload as it was. */
export interface PastOfWorkload {
  readonly ref: string;
  /** All that its documents are made of. */
  readonly streams: readonly string[];
  readonly position: Position;
}

/** What is asked of a process that shows the past of workloads, one after the other. */
export type ViewOrder =
  | {
      /** Gets ready for questions, before the first one. */
      readonly kind: 'prepare';
    }
  | {
      /** Answers a GET request of one of the dialect's routes as it was answered then. */
      readonly kind: 'ask';
      readonly past: PastOfWorkload;
      readonly dialect: string;
      readonly url: string;
      readonly caller: Pick<Caller, 'username' | 'roles' | 'groups'>;
    }
  | {
      /** Lists the next units behind a place whose statuses differ between two moments of a workload. */
      readonly kind: 'compare';
      readonly from: PastOfWorkload;
      readonly to: PastOfWorkload;
      readonly behind?: UnitPlace;
      /** Units that are listed at most. */
      readonly limit: number;
    }
  | {
      /** Makes the checkpoints up to a moment, for later questions. */
      readonly kind: 'keep';
      readonly past: PastOfWorkload;
    };

/** Numbered, so that the answer names what it answers. */
export type NumberedOrder = ViewOrder & { readonly number: number };

/** An answer of an API. */
export interface PastAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A unit whose status differs; null where it was not there. */
export interface UnitDifference {
  readonly unit_id: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** Units that differ between two moments, or the first of them. */
export interface UnitDifferences {
  readonly entries: readonly UnitDifference[];
  /** Where the comparison goes on; absent at its end. */
  readonly behind?: UnitPlace;
}

/** What an order leads to, if it asks for something. */
export type ViewAnswer = PastAnswer | UnitDifferences;

export type ViewReport =
  | { readonly number: number; readonly answer?: ViewAnswer }
  | { readonly number: number; readonly failure: DomainErrorValue };
