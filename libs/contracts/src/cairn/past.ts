import { type Page, query } from '#bus/contract.js';
import type { Position } from '#ledger/ledger.js';
import type { PastAnswer, UnitDifference } from './past-view.js';

/** A moment of the history, by one of the two. */
export interface Moment {
  readonly position?: Position;
  /** Microseconds since the Unix epoch. */
  readonly time_micros?: number;
}

export interface LocatePastRequest extends Moment {
  /** A ref, or an id in its dialect where that is unique. */
  readonly workload: string;
}

/** A workload at a moment. */
export interface PastHome {
  readonly ref: string;
  readonly dialect: string;
  readonly id: string;
  readonly position: Position;
  /** UTC with microseconds and `Z`: of the event at the position. */
  readonly time?: string;
}

/** A question to an API: a path with its query. */
export interface PastQuestion {
  /** Whose route must answer; the caller's roles must suffice for it. */
  readonly dialect: string;
  readonly url: string;
}

export interface AskPastRequest {
  readonly ref: string;
  readonly position: Position;
  readonly questions: readonly PastQuestion[];
}

/** Finds a workload that has a history, and the moment; checks today's read rule. */
export const LocatePast = query<LocatePastRequest, PastHome>('events', 'past.locate');

/** What the API of the workload's dialect, or Cairn's own, answered then to GET requests about the workload; checks today's read rule. */
export const AskPast = query<AskPastRequest, { readonly answers: readonly PastAnswer[] }>('events', 'past.ask');

export interface ComparePastRequest {
  readonly ref: string;
  readonly from: Position;
  readonly to: Position;
  /** So many units at most. */
  readonly limit: number;
  readonly cursor?: string;
}

/** Units whose status differs between two moments, page by page; checks today's read rule. */
export const ComparePast = query<ComparePastRequest, Page<UnitDifference>>('events', 'past.compare');
