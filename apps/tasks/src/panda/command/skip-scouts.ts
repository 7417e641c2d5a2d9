import type { DatasetsMoved, TaskAmended } from '#contracts/panda/events.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { SplitRules } from '../refine/split-rules.js';
import { inputsOf } from '../task-inputs.js';
import type { Task } from '../view.js';
import type { Execution } from './execution.js';

/** What `walltimeUnit` is set to: the next assessment of scouts ends scouting (PanDA contract 4.1.5). */
const AVALANCHE = 'ava';

export const avalancheTask: Execution = function* (_, task, { by }) {
  return [amended(task, { walltimeUnit: AVALANCHE }, `avalanche requested by ${by}`)];
};

/** Frees inputs that are held back. A task that has no scouts yet makes none. */
export const releaseTask: Execution = function* (view, task, { by }) {
  const reason = `released by ${by}`;
  if (task.status === 'scouting') return [amended(task, { walltimeUnit: AVALANCHE }, reason)];
  const splitRule = SplitRules.parse(task.attributes.splitRule).with('useScout', 'no_use').toText();
  const held = inputsOf(view, task).filter(({ nFiles, nFilesToBeUsed }) => nFilesToBeUsed < nFiles);
  return [amended(task, { splitRule }, reason), ...held.map(({ id, nFiles }) => usable(task, id, nFiles))];
};

const amended = ({ stream }: Task, set: TaskAttributes, reason: string): DecidedEvent => {
  const data: TaskAmended = { set, reason };
  return { stream, type: 'TaskAmended', data };
};

const usable = ({ stream }: Task, dataset: number, files: number): DecidedEvent => {
  const data: DatasetsMoved = { datasets: [dataset], files_to_be_used: files };
  return { stream, type: 'DatasetsMoved', data };
};
