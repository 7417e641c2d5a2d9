import { withQueued } from './claimed-task.js';

describe('the copy of a claimed task', () => {
  it('has a counter for legacy callers', () => {
    expect(withQueued('{"task_id":"t","status":"queued"}')).toBe('{"task_id":"t","status":"queued","queued":1}');
  });
});
