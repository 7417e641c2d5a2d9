import type { Random } from '../../../chaos/random.js';
import { type Document, keyOf } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { newWorkflow, type Workflow } from '../workflow.js';
import { Model, type ModelJob } from './model.js';

const BLOCKERS_MAX = 4;
const RAW_FILES = 10;
/** Blockers are among so many jobs before, so that graphs are deep as well as wide. */
const REACH = 25;

/** A workflow, the model of it, and what is common to both. */
export interface RandomWorkflow {
  readonly workflow: Workflow;
  readonly model: Model;
  /** Keys of the jobs by their places in the model, which is a topological order and not the order of creation. */
  readonly keys: readonly string[];
  readonly placeOf: (key: string) => number;
  readonly nameOf: (place: number) => string;
  /** Keys of the jobs in the order of creation. */
  readonly created: readonly string[];
}

const nameOf = (place: number): string => `job ${place}`;

const shuffled = <T>(items: readonly T[], random: Random): readonly T[] =>
  items
    .map((item) => ({ item, at: random.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);

export const randomWorkflow = async (torc: TorcClient, random: Random, count: number): Promise<RandomWorkflow> => {
  const jobs: ModelJob[] = [];
  const documents: Document[] = [];
  const files: Document[] = Array.from({ length: RAW_FILES }, (_, index) => ({
    name: `raw ${index}`,
    path: `${index}`,
  }));
  for (let place = 0; place < count; place += 1) {
    const reach = Math.min(place, REACH);
    const blockers = new Set(
      Array.from({ length: reach === 0 ? 0 : random.below(BLOCKERS_MAX) }, () => place - 1 - random.below(reach)),
    );
    const throughFile = new Set([...blockers].filter(() => random.next() < 0.5));
    const inputs = Array.from({ length: random.below(3) }, () => random.below(RAW_FILES));
    const job: ModelJob = {
      ...{ isTolerant: random.next() < 0.3, asksForNodes: random.next() < 0.1, inputs: [...new Set(inputs)] },
      ...{ blockers: [...blockers], dependents: [], status: 'uninitialized', code: undefined, hash: '' },
    };
    jobs.push(job);
    for (const blocker of blockers) jobs[blocker]?.dependents.push(place);
    files.push({ name: `output ${place}`, path: `output ${place}` });
    documents.push({
      ...{ name: nameOf(place), command: 'c', cancel_on_blocking_job_failure: !job.isTolerant },
      ...(job.asksForNodes && { schedule_compute_nodes: { scheduler_id: 'x', num_jobs: 1 } }),
      blocked_by: [...blockers].filter((each) => !throughFile.has(each)).map(nameOf),
      input_files: [...job.inputs.map((index) => `raw ${index}`), ...[...throughFile].map((each) => `output ${each}`)],
      output_files: [`output ${place}`],
    });
  }
  const workflow = await newWorkflow(torc, { files, jobs: shuffled(documents, random) });
  const stored = await workflow.documents('jobs');
  const keyByName = new Map(stored.map((each) => [String(each['name']), keyOf(each)]));
  const keys = jobs.map((_, place) => keyByName.get(nameOf(place)) ?? '');
  const placeByKey = new Map(keys.map((key, place) => [key, place]));
  return {
    ...{ workflow, keys, nameOf, created: stored.map(keyOf) },
    model: new Model(
      jobs,
      Array.from({ length: RAW_FILES }, () => 0),
    ),
    placeOf: (key) => placeByKey.get(key) ?? Number.NaN,
  };
};
