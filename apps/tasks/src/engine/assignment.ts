/** Values that an event sets equally for all its units, so that one statement can change many units. */
export interface Assignment {
  /** Outcome and time of the change go with the status. */
  readonly status?: string;
  readonly outcome?: string;
  readonly changedMicros?: number;
  readonly leaseId?: string;
  readonly holder?: string;
  readonly site?: string;
  readonly failures?: number;
  readonly requirements?: string;
}
