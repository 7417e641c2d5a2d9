/** Events of streams `site-<ref>`; written and read by `pilots`. */
export interface SiteEvents {
  /** A site was registered. */
  readonly SiteRegistered: {
    readonly site_id: string;
    readonly username: string;
    /** Raw JSON of what the site says of itself, in its dialect's words. */
    readonly description: string;
  };
  /** A heartbeat of the site brought news: `fields` is raw JSON, dotted names set nested fields. */
  readonly SiteReported: { readonly site_id: string; readonly fields: string };
}

/** Events of streams `worker-<ref>`; written and read by `pilots`. */
export interface WorkerEvents {
  /** A worker was registered. */
  readonly WorkerStarted: {
    readonly worker_id: string;
    /** Raw JSON: the description of the worker at its start, in its dialect's words. */
    readonly description: string;
    /** The caller of the role `worker` that registered it: no other such caller reaches it, and it releases only what this one holds. */
    readonly holder?: string;
  };
  /** A heartbeat of the worker brought news: `fields` is raw JSON, dotted names set nested fields. */
  readonly WorkerReported: { readonly worker_id: string; readonly fields: string };
  /** Somebody deleted the worker, or its heartbeats stopped. `units` are the ids of those that it ran at its end. */
  readonly WorkerEnded: {
    readonly worker_id: string;
    readonly reason: 'deleted' | 'expired';
    readonly units: readonly string[];
    /** How long no heartbeat had arrived, when that is the reason. */
    readonly silent_seconds?: number;
    /** Its last heartbeat, if it had promised some. Microseconds since the Unix epoch. */
    readonly last_heartbeat_micros?: number;
  };
  /** No unit is assigned to the ended worker any more; `evicted` of them had still been running. */
  readonly WorkerUnitsReleased: { readonly worker_id: string; readonly evicted: number };
}
