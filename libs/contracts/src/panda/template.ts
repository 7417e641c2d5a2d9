/** What refinement makes of a task's document for the making of jobs: the text `template` of a task, as raw JSON. */
export interface JobTemplate {
  /** The command line, with placeholders (PanDA contract 9.2). */
  readonly parameters: string;
  readonly outputs: readonly OutputTemplate[];
  /** Input datasets in their order; the first one is the master. */
  readonly inputs: readonly InputTemplate[];
  /** Offsets of the placeholders of items of type `number`, `RNDMSEED` and `FIRSTEVENT` for example. */
  readonly number_offsets?: Readonly<Record<string, number>>;
  /** The value of the parameter document's `buildSpec`, if there is one. */
  readonly build?: Readonly<Record<string, unknown>>;
  /** The merge job of event service tasks: the value of `esmergeSpec`. */
  readonly es_merge?: Readonly<Record<string, unknown>>;
  /** For `${SURL}`. */
  readonly source_url?: string;
  /** Names of queues, possibly with `*`. */
  readonly included_sites?: readonly string[];
  readonly excluded_sites?: readonly string[];
}

/** One output file, or log, that each job makes. */
export interface OutputTemplate {
  readonly dataset_id: number;
  readonly type: 'output' | 'log';
  /** `OUTPUT0`, `LOG0`: the placeholder that stands for it on the command line. */
  readonly stream: string;
  /** The name of the file, with placeholders. */
  readonly file_name: string;
  readonly dataset: string;
  readonly container?: string;
  /** Serial numbers begin at 1 + offset. */
  readonly offset: number;
  readonly allow_no_output?: true;
  readonly token?: string;
  readonly destination?: string;
}

/** An input dataset with the rules by which jobs take files of it. */
export interface InputTemplate {
  readonly dataset_id: number;
  readonly stream: string;
  /** `seq_number` datasets are of the type `pseudo_input`: their files have a `first_event`. */
  readonly type: 'input' | 'pseudo_input' | 'random_seed' | 'lib';
  readonly dataset: string;
  readonly files_per_job?: number;
  readonly ratio?: number;
  readonly event_ratio?: number;
  readonly is_reusable?: true;
  readonly is_random?: true;
  readonly offset?: number;
}
