import { timeText } from '#contracts/panda/times.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { heldFilesFreed } from '../datasets-moved.js';
import { SplitRules } from '../refine/split-rules.js';
import type { Stage, StageStep } from '../stage/stage.js';
import { mastersOf } from '../task-inputs.js';
import { taskMoved, taskStopped } from '../task-moved.js';
import type { Dataset, PandaView, Task } from '../view.js';
import { assess, AVALANCHE } from './assessment.js';

/** Decides from the first jobs of a task whether all others are made (PanDA contract 4.1.2). */
export const scoutStage: Stage = {
  name: 'scout',
  statuses: new Set(['scouting', 'scouted']),
  step: (view: PandaView, task: Task, timeMicros: number): StageStep | undefined => {
    const rules = SplitRules.parse(task.attributes.splitRule);
    const masters = mastersOf(view, task);
    if (task.status === 'scouted') return { events: released(task, masters) };
    const verdict = assess(view, task, masters, rules);
    if (verdict === undefined) return undefined;
    const assessed = { assessmentTime: timeText(timeMicros) };
    if (verdict.kind === 'passed') {
      const set = {
        ...assessed,
        splitRule: rules.with('useScout', 'updated_requirements').toText(),
        ...(task.attributes.walltimeUnit === AVALANCHE && { walltimeUnit: null }),
      };
      return { events: [taskMoved(task, 'scouted', { set }), ...released(task, masters)] };
    }
    if (verdict.kind === 'failed')
      return { events: [taskStopped(task, 'tobroken', verdict.reason, { set: assessed })] };
    return {
      events: [taskStopped(task, 'exhausted', verdict.reason, { set: { ...assessed, oldStatus: task.status } })],
    };
  },
};

/** All files may be used from now on. */
const released = (task: Task, masters: readonly Dataset[]): readonly DecidedEvent[] => [
  ...heldFilesFreed(task, masters),
  taskMoved(task, 'running'),
];
