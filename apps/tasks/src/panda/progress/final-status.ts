import type { TaskStatus } from '#contracts/panda/statuses.js';

/** What decides about the end of a task (PanDA contract 4.1.3). */
export interface EndFacts {
  readonly status: 'prepared' | 'passed' | 'toabort' | 'tobroken';
  /** Counts of files over all master inputs. */
  readonly files: number;
  readonly finished: number;
  /** A master input that may still get files. */
  readonly isMutable: boolean;
  readonly mayBeEmpty: boolean;
  /** Status of the parent; undefined when there is none. */
  readonly parent: TaskStatus | undefined;
  /** In tenths of percent. */
  readonly goal: number | null;
  readonly failsBelowGoal: boolean;
  readonly becomesExhausted: boolean;
}

export type EndStatus = 'done' | 'finished' | 'failed' | 'aborted' | 'broken' | 'exhausted';

const FAILED: ReadonlySet<TaskStatus> = new Set(['failed', 'broken', 'aborted']);
const FINISHED: ReadonlySet<TaskStatus> = new Set(['done', 'finished']);

/** What becomes of a task whose post-processing is due. */
export const endStatus = (facts: EndFacts): EndStatus => {
  if (facts.status === 'tobroken') return 'broken';
  if (facts.status === 'toabort') return 'aborted';
  const status = statusByFiles(facts);
  // Whoever has finished the task by hand has decided already.
  const isAsked = facts.status !== 'passed' && facts.becomesExhausted;
  return isAsked && facts.finished < facts.files && status !== 'done' ? 'exhausted' : status;
};

const statusByFiles = (facts: EndFacts): 'done' | 'finished' | 'failed' => {
  const { files, finished, parent } = facts;
  if (files === 0) return facts.mayBeEmpty ? 'done' : 'failed';
  if (finished === files) {
    if (parent !== undefined && FAILED.has(parent)) return 'failed';
    const isOpen = (parent !== undefined && !FINISHED.has(parent)) || facts.isMutable;
    return isOpen ? 'finished' : 'done';
  }
  if (finished === 0) return 'failed';
  return facts.goal !== null && facts.failsBelowGoal && finished * 1000 < facts.goal * files ? 'failed' : 'finished';
};
