import { WorkerController } from './worker.controller.js';
import { WorkerFinders } from './worker-finders.js';

it('finds the worker of a unit in the dialect that knows it', () => {
  const worker = (id: string) => ({ worker_id: id, host: 'n1', site: 'UW', last_heartbeat: '', heartbeat_seconds: 60 });
  const finders = new WorkerFinders();
  finders.register('iceprod', { findWorker: (unit) => (unit === 'task' ? worker('pilot') : undefined) });
  finders.register('torc', { findWorker: (unit) => (unit === 'job' ? worker('node') : undefined) });
  const controller = new WorkerController(finders);
  const found = (unit_id: string) =>
    controller.find({
      request: { unit_id },
      context: {
        caller: { subject: 'a', username: 'a', roles: [], groups: [] },
        correlationId: 'test',
        dialect: 'cairn',
        deadlineMs: 0,
      },
    });
  expect(found('task')).toEqual({ reply: { worker: worker('pilot') } });
  expect(found('job')).toEqual({ reply: { worker: worker('node') } });
  expect(found('other')).toEqual({ reply: {} });
});
