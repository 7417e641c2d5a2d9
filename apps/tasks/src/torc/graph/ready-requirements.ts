import type { DomainError } from '#platform/domain-error.js';
import type { ReadyRequirements } from '#contracts/torc/graph.js';
import { durationSeconds, GIB, memoryBytes } from '#contracts/torc/values.js';
import { torcErrors } from '../torc-errors.js';
import type { StateView } from '../view.js';
import { DEFAULT_GROUP, type Group, groupsOfJobs } from './job-needs.js';
import { Steps } from './steps.js';

/**
 * `ready_job_requirements` (Torc contract 5.17): what all ready jobs need together, by their present groups.
 *
 * @param scheduler leaves out jobs of other schedulers: when empty those of any
 */
export function* readyRequirements(
  view: StateView,
  key: string,
  scheduler: string | undefined,
): Generator<void, ReadyRequirements | DomainError, void> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const steps = new Steps();
  const groups = yield* groupsOfJobs(view, workflow);
  const counts = new Map<Group, number>();
  for (const { ordinal, unit } of view.jobsOfStatus(workflow, 'ready')) {
    if (steps.isSlice()) yield;
    if (scheduler !== undefined && unit.site !== '' && unit.site !== scheduler) continue;
    const group = groups.get(ordinal) ?? DEFAULT_GROUP;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const used = [...counts];
  const sum = (of: (group: Group) => number): number => used.reduce((all, [group, n]) => all + n * of(group), 0);
  const [longest] = used.map(([group]) => group).sort((a, b) => secondsOf(b) - secondsOf(a));
  return {
    num_jobs: sum(() => 1),
    num_cpus: sum((group) => group.num_cpus),
    num_gpus: sum((group) => group.num_gpus),
    memory_gb: sum(({ memory }) => memoryBytes(memory) ?? 0) / GIB,
    max_num_nodes: used.reduce((most, [group]) => Math.max(most, group.num_nodes), 0),
    // The client's parser refuses lower case (D16).
    max_runtime: longest?.runtime.toUpperCase() ?? '',
  };
}

const secondsOf = ({ runtime }: Group): number => durationSeconds(runtime) ?? 0;
