import { hash } from 'node:crypto';
import { revisionText } from '#contracts/torc/ids.js';
import type { InputEdge, Job, StoredDocument, TorcView, Workflow } from '../view.js';

/** Bytes of the digest that make the hash: it is a safe integer. */
const HASH_BYTES = 6;

/** Key and revision of what a job reads or writes. */
export type Input = readonly [key: string, rev: string];

/** What a job's hash covers besides its document (Torc contract 5.6). */
export interface JobInputs {
  readonly consumed: readonly Input[];
  readonly stored: readonly Input[];
  readonly needed: readonly Input[];
}

export const inputOf = ({ key, ordinal, writes }: StoredDocument): Input => [key, revisionText(ordinal, writes)];

const byKey = ([a]: Input, [b]: Input): number => (a < b ? -1 : a > b ? 1 : 0);

/** Hash of what makes a job run again when it changes. Never 0, which means that it was not computed. */
export const inputHash = ({ document }: Pick<Job, 'document'>, { consumed, stored, needed }: JobInputs): number => {
  // Strings may be escaped in several ways.
  const { command = null, invocation_script: script = null } = JSON.parse(document) as {
    readonly command?: unknown;
    readonly invocation_script?: unknown;
  };
  const covered = [command, script, ...[consumed, stored, needed].map((inputs) => inputs.toSorted(byKey))];
  // In one call: an object for each hash costs ten times as much.
  return hash('sha256', JSON.stringify(covered), 'buffer').readUIntBE(0, HASH_BYTES) || 1;
};

/** The hash of one job, from what it reads and writes now. */
export const inputHashOf = (view: TorcView, workflow: Workflow, job: Job): number => {
  const inputs: Readonly<Record<InputEdge['edge'], Input[]>> = { consumes: [], stores: [], needs: [] };
  for (const { edge, to } of view.inputs(workflow, job.ordinal)) {
    const document = view.documentAt(workflow, edge === 'needs' ? 'files' : 'user_data', to);
    if (document !== undefined) inputs[edge].push(inputOf(document));
  }
  return inputHash(job, { consumed: inputs.consumes, stored: inputs.stores, needed: inputs.needs });
};
