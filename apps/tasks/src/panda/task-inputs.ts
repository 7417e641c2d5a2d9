import type { DatasetType } from '#contracts/panda/events.js';
import type { Dataset, PandaView, Task } from './view.js';

const INPUTS: ReadonlySet<DatasetType> = new Set(['input', 'pseudo_input', 'random_seed']);

/** The input datasets of a task, libraries left out. */
export const inputsOf = (view: PandaView, task: Task): readonly Dataset[] =>
  view.datasets(task).filter(({ type }) => INPUTS.has(type));

/** The inputs whose files decide what becomes of the task. */
export const mastersOf = (view: PandaView, task: Task): readonly Dataset[] =>
  inputsOf(view, task).filter(({ masterId, type }) => masterId === null && type !== 'random_seed');

export const outputsOf = (view: PandaView, task: Task): readonly Dataset[] =>
  view.datasets(task).filter(({ type }) => type === 'output' || type === 'log');
