import { withAllRequirements, withQueued } from './claimed-task.js';

describe('the copy of a claimed task', () => {
  it('has a counter for legacy callers', () => {
    expect(withQueued('{"task_id":"t","status":"queued"}')).toBe('{"task_id":"t","status":"queued","queued":1}');
  });

  it('has all requirements for old pilots, given ones to the letter', () => {
    expect(withAllRequirements('{"task_id":"t","requirements":{"memory":4.0,"os":["x"]}}')).toBe(
      '{"task_id":"t","requirements":{"memory":4.0,"os":["x"],"cpu":1,"gpu":0,"disk":10.0,"time":8.0}}',
    );
  });
});
