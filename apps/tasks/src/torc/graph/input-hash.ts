import { hash } from 'node:crypto';
import { membersOf } from '#contracts/raw-json.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { revisionText } from '#contracts/torc/ids.js';
import type { Job, StoredDocument, TorcView, Workflow } from '../view.js';

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

/** Strings may be escaped in several ways. */
const valueOf = (raw: string | undefined): unknown => (raw === undefined ? null : JSON.parse(raw));

/** Hash of what makes a job run again when it changes. Never 0, which means that it was not computed. */
export const inputHash = ({ document }: Pick<Job, 'document'>, { consumed, stored, needed }: JobInputs): number => {
  const members = membersOf(document);
  const covered = [
    valueOf(members.get('command')),
    valueOf(members.get('invocation_script')),
    ...[consumed, stored, needed].map((inputs) => inputs.toSorted(byKey)),
  ];
  // In one call: an object for each hash costs ten times as much.
  return hash('sha256', JSON.stringify(covered), 'buffer').readUIntBE(0, HASH_BYTES) || 1;
};

/** The hash of one job, from what it reads and writes now. */
export const inputHashOf = (view: TorcView, workflow: Workflow, job: Job): number => {
  const inputs = (edge: EdgeName, collection: 'user_data' | 'files'): Input[] =>
    view.edgesFrom(workflow, edge, job.ordinal).flatMap(({ to }) => {
      const document = view.documentAt(workflow, collection, to);
      return document === undefined ? [] : [inputOf(document)];
    });
  return inputHash(job, {
    consumed: inputs('consumes', 'user_data'),
    stored: inputs('stores', 'user_data'),
    needed: inputs('needs', 'files'),
  });
};
