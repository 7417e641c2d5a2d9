import { TaskRun } from '../testing/task-run.js';
import { taskInfo } from './task-info.js';

it('tells how far a task at work is', () => {
  const run = new TaskRun();
  const progress = (): unknown => JSON.parse([...taskInfo(run.view, run.task)].join(''));
  expect(progress()).toMatchObject({ progress: 0, pctFinished: 0 });
  run.finish(run.jobs().slice(0, 2));
  expect(progress()).toMatchObject({ status: 'scouting', progress: 66, pctFinished: 67 });
});
