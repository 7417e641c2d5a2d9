/** Workers of which nothing was heard for so long are forgotten, but for the last one of their harvester, whose id counts on. */
export const WORKER_KEPT_MICROS = 30 * 24 * 3_600 * 1_000_000;

/** Forgotten in one change, at most. */
export const WORKERS_FORGOTTEN_MAX = 100;

/** Fields of a worker under their public names (PanDA contract 3.7). Times are texts `2025-06-01T12:00:00[.ffffff]`, UTC. Null is nothing. */
export interface WorkerFields {
  readonly batchID?: string | null;
  readonly queueName?: string | null;
  readonly status?: string | null;
  readonly computingSite?: string | null;
  readonly nCore?: number | null;
  readonly nodeID?: string | null;
  readonly submitTime?: string | null;
  readonly startTime?: string | null;
  readonly endTime?: string | null;
  readonly stdOut?: string | null;
  readonly stdErr?: string | null;
  readonly batchLog?: string | null;
  readonly jdl?: string | null;
  readonly resourceType?: string | null;
  readonly nativeExitCode?: number | null;
  readonly nativeStatus?: string | null;
  readonly diagMessage?: string | null;
  readonly nJobs?: number | null;
  readonly computingElement?: string | null;
  readonly submissionHost?: string | null;
  readonly harvesterHost?: string | null;
  readonly errorCode?: number | null;
  readonly jobType?: string | null;
  readonly minRamCount?: number | null;
  readonly syncLevel?: number | null;
}
export type WorkerField = keyof WorkerFields;

/** What became of a worker. `lastUpdate` is the time of the event. */
export interface WorkerReport {
  readonly worker_id: number;
  /** Fields that change. A status that a stored final one beats (contract 4.5) is not among them. */
  readonly set: WorkerFields;
  /** PandaIDs: these are the worker's jobs now, and no others. */
  readonly jobs?: readonly number[];
  /** PandaIDs: these are the worker's jobs too. */
  readonly adds_jobs?: readonly number[];
}

/** A worker node as a pilot describes it (contract 3.8). */
export interface WorkerNode {
  readonly site: string;
  readonly host_name: string;
  readonly cpu_model: string;
  readonly cpu_model_normalized: string;
  readonly n_logical_cpus: number | null;
  readonly n_sockets: number | null;
  readonly cores_per_socket: number | null;
  readonly threads_per_core: number | null;
  readonly cpu_architecture: string | null;
  readonly cpu_architecture_level: string | null;
  /** Megahertz. */
  readonly clock_speed: number | null;
  /** Megabytes. */
  readonly total_memory: number | null;
  /** Gigabytes. */
  readonly total_local_disk: number | null;
}

export interface WorkerNodeGpu {
  readonly site: string;
  readonly host_name: string;
  readonly vendor: string;
  readonly model: string;
  readonly count: number;
  readonly vram: number | null;
  readonly architecture: string | null;
  readonly framework: string | null;
  readonly framework_version: string | null;
  readonly driver_version: string | null;
}

/** What harvester can be ordered to do (contract 3.10). Some have the name of a queue behind a colon. */
export const HARVESTER_COMMANDS = [
  'KILL_WORKERS',
  'REPORT_WORKER_STATS',
  'SET_N_WORKERS_JOBTYPE',
  'SYNC_WORKERS_KILL',
] as const;

interface OfHarvester {
  readonly harvester_id: string;
}

/**
 * Events of streams `worker-panda.main.<harvester id>`: an instance with its workers, commands and reports. `pilots` writes them; `tasks` reads
 * `WorkersReported`, because the end of a worker says something of its jobs.
 */
export interface HarvesterEvents {
  /** The instance has sent a heartbeat. The first one registers it. */
  readonly HarvesterSeen: OfHarvester & {
    /** Its DN. */
    readonly owner: string;
    readonly host: string;
    readonly start_time?: string;
    readonly sw_version?: string;
    readonly commit_stamp?: string;
    readonly description?: string;
  };
  /** The instance told what became of its workers. */
  readonly WorkersReported: OfHarvester & { readonly workers: readonly WorkerReport[] };
  /** A pilot reports on the worker that runs it, which harvester may not have told of yet (contract 4.5, D27). */
  readonly PilotReported: OfHarvester & {
    readonly worker_id: number;
    readonly status: 'started' | 'finished';
    readonly node_id?: string;
  };
  /** The instance counted its workers of a queue: all numbers, by job type, resource type, status. */
  readonly WorkersCounted: OfHarvester & {
    readonly queue: string;
    /** Raw JSON. */
    readonly statistics: string;
  };
  /** The instance sent figures of the machines that it runs on. `metrics` are texts as they came. */
  readonly ServiceMeasured: OfHarvester & {
    readonly metrics: readonly { readonly time: string; readonly host: string; readonly metrics: string }[];
  };
  /** The instance sent messages for people. */
  readonly DialogsAdded: OfHarvester & {
    readonly dialogs: readonly {
      readonly diag_id: number;
      readonly module: string | null;
      readonly identifier: string | null;
      readonly time: string | null;
      readonly level: string | null;
      readonly message: string | null;
    }[];
  };
  /** The instance is to carry out a command. It takes the place of an earlier one of the same name. */
  readonly CommandIssued: OfHarvester & {
    readonly command_id: number;
    readonly command: string;
    /** Raw JSON. */
    readonly params: string;
    readonly ack_requested: boolean;
  };
  /** The instance has fetched commands. */
  readonly CommandsRetrieved: OfHarvester & { readonly command_ids: readonly number[] };
  /** The instance has carried out commands. */
  readonly CommandsAcknowledged: OfHarvester & { readonly command_ids: readonly number[] };
}

/** Events of streams `site-panda.main.<queue>` besides `QueueEvents`. */
export interface SlotEvents {
  /** A queue shall have so many slots. */
  readonly SlotsTargeted: {
    readonly queue: string;
    readonly share: string | null;
    readonly resource_type: string | null;
    readonly slots: number;
    /** Microseconds since the Unix epoch; null for ever. */
    readonly expires_micros: number | null;
  };
  /** Any number of slots is good for a queue again. */
  readonly SlotsReleased: {
    readonly queue: string;
    readonly share: string | null;
    readonly resource_type: string | null;
  };
}

/** Events of streams `site-panda.nodes.<site>`. */
export interface NodeEvents {
  /** A pilot described the machine that it runs on. */
  readonly WorkerNodeSeen: { readonly node: WorkerNode; readonly queue: string | null };
  /** A pilot described the GPUs of the machine that it runs on. */
  readonly WorkerNodeGpuSeen: { readonly gpu: WorkerNodeGpu };
}
