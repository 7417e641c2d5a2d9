import type { PlainCollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { fullId } from '#contracts/torc/ids.js';
import { isFinal } from '#contracts/torc/statuses.js';
import { nameOfDocument } from '../document-name.js';
import type { Job, JobState, StateView, Workflow } from '../view.js';

/** Open blockers, and origins of blocking, that are shown one by one. */
const SHOWN_MAX = 100;
/** Documents that are shown of what joins two jobs. */
const JOINTS_MAX = 20;
/** Jobs that are looked at on the way to the origins. */
const WALKED_MAX = 1_000;

/** A job as explanations name it. */
export interface NamedJob {
  readonly job_id: string;
  readonly name: string | null;
  readonly status: string;
}

/** A job that blocks another one, and the documents by which it does. */
export interface OpenBlocker extends NamedJob {
  /** Names of files that it produces and the other one needs. */
  readonly files: readonly string[];
  /** Names of user data that it stores and the other one consumes. */
  readonly user_data: readonly string[];
}

export const namedJob = (workflow: Workflow, { key, document, status }: Job): NamedJob => ({
  ...{ job_id: fullId('jobs', workflow.key, key), name: nameOfDocument(document) ?? null, status },
});

/** Explains by what a job is blocked. */
export class Blockers {
  constructor(
    private readonly view: StateView,
    private readonly workflow: Workflow,
  ) {}

  /** The jobs that block one and are not complete, in order of creation; all of them are counted, the first are named. */
  open(job: Job): { readonly count: number; readonly first: readonly OpenBlocker[] } {
    const open = this.openOf(job.ordinal);
    const [files, data] = [this.targets(job, 'needs'), this.targets(job, 'consumes')];
    const first = this.jobs(open.slice(0, SHOWN_MAX)).map((blocker) => ({
      ...namedJob(this.workflow, blocker),
      files: this.joints(blocker, 'produces', files, 'files'),
      user_data: this.joints(blocker, 'stores', data, 'user_data'),
    }));
    return { count: open.length, first };
  }

  /** Where the blocking begins: jobs at the beginning of the chains that are not blocked themselves. */
  origins(job: Job): readonly NamedJob[] {
    const seen = new Set<number>();
    const origins: JobState[] = [];
    let layer = this.openOf(job.ordinal);
    while (layer.length > 0 && seen.size < WALKED_MAX && origins.length < SHOWN_MAX) {
      const fresh = layer.filter(({ ordinal }) => !seen.has(ordinal));
      for (const { ordinal } of fresh) seen.add(ordinal);
      origins.push(...fresh.filter(({ status }) => status !== 'blocked'));
      layer = fresh.filter(({ status }) => status === 'blocked').flatMap(({ ordinal }) => this.openOf(ordinal));
    }
    return this.jobs(origins.slice(0, SHOWN_MAX)).map((origin) => namedJob(this.workflow, origin));
  }

  private openOf(ordinal: number): readonly JobState[] {
    return this.view.blockers(this.workflow, ordinal).filter(({ status }) => !isFinal(status));
  }

  private jobs(states: readonly JobState[]): readonly Job[] {
    return states.flatMap(({ ordinal }) => this.view.jobAt(this.workflow, ordinal) ?? []);
  }

  private targets({ ordinal }: Job, edge: EdgeName): ReadonlySet<number> {
    return new Set(this.view.edgesFrom(this.workflow, edge, ordinal).map(({ to }) => to));
  }

  /** Names, or keys, of documents at the end of an edge of a job that are among some. */
  private joints(
    { ordinal }: Job,
    edge: EdgeName,
    among: ReadonlySet<number>,
    collection: PlainCollectionName,
  ): readonly string[] {
    const shared = this.view.edgesFrom(this.workflow, edge, ordinal).filter(({ to }) => among.has(to));
    return shared.slice(0, JOINTS_MAX).flatMap(({ to }) => {
      const found = this.view.documentAt(this.workflow, collection, to);
      return found === undefined ? [] : (nameOfDocument(found.document) ?? found.key);
    });
  }
}
