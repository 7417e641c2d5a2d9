/** Facts of streams `site-iceprod.main.<grid_id>`; written and read by `pilots`. */
export interface SiteEvents {
  readonly GridRegistered: {
    readonly grid_id: string;
    readonly username: string;
    /** Raw JSON of what the grid said of itself. */
    readonly description: string;
  };
  /** The grid gave a sign of life, with news: raw JSON, dotted names set nested fields. */
  readonly GridReported: { readonly grid_id: string; readonly fields: string };
}

/** Facts of streams `worker-iceprod.main.<pilot_id>`; written and read by `pilots`. */
export interface WorkerEvents {
  readonly PilotStarted: {
    readonly pilot_id: string;
    /** Raw JSON of what was said of the pilot when it was sent off. */
    readonly description: string;
  };
  /** The pilot gave a sign of life, with news: raw JSON, dotted names set nested fields. */
  readonly PilotReported: { readonly pilot_id: string; readonly fields: string };
  /** Somebody deleted the pilot, or it was silent for too long. `tasks` are those that it listed at its end. */
  readonly PilotEnded: {
    readonly pilot_id: string;
    readonly reason: 'deleted' | 'expired';
    readonly tasks: readonly string[];
  };
  /** The tasks of a pilot that ended are with nobody any more; `evicted` of them had still been processing. */
  readonly PilotReleased: { readonly pilot_id: string; readonly evicted: number };
}
