import { heldFilesFreed } from '../datasets-moved.js';
import { SplitRules } from '../refine/split-rules.js';
import { AVALANCHE } from '../scout/assessment.js';
import { taskAmended } from '../task-amended.js';
import { inputsOf } from '../task-inputs.js';
import type { Execution } from './execution.js';

export const avalancheTask: Execution = function* (_, task, { by }) {
  return [taskAmended(task, { walltimeUnit: AVALANCHE }, `avalanche requested by ${by}`)];
};

/** Frees inputs that are held back. A task that has no scouts yet makes none. */
export const releaseTask: Execution = function* (view, task, { by }) {
  const reason = `released by ${by}`;
  if (task.status === 'scouting') return [taskAmended(task, { walltimeUnit: AVALANCHE }, reason)];
  const splitRule = SplitRules.parse(task.attributes.splitRule).with('useScout', 'no_use').toText();
  return [taskAmended(task, { splitRule }, reason), ...heldFilesFreed(task, inputsOf(view, task))];
};
