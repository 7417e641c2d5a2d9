import type { Principal } from '#contracts/panda/principal.js';
import { disableCloning, enableCloning, enableJumbo } from './change-event-service.js';
import { discardRanges } from './discard-ranges.js';
import { JOBSET, RangeSpec, TASK } from './testing/range-spec.js';

const principal: Principal = {
  ...{ dn: '/CN=Op', name: 'Op', fqans: [], isProduction: true, isPilot: false },
  ...{ workingGroups: [], primaryWorkingGroup: null },
};

describe('the event service of a task', () => {
  let spec: RangeSpec;
  beforeEach(() => {
    spec = new RangeSpec([{ events: 300 }], 'NF=3', { eventService: 0 });
  });
  const rules = (): unknown => [
    spec.task.attributes.splitRule,
    spec.task.attributes.eventService,
    spec.task.attributes.useJumbo,
  ];

  it('is switched to cloning and back', () => {
    const request = { task_id: TASK, mode: 'storeonce', multiplicity: 3, sites: 2 } as const;
    expect(spec.decide(enableCloning(spec.view, request))).toEqual({ is_found: true });
    expect(rules()).toEqual(['NF=3,UC=storeonce,ES=1,EC=3,NS=2', 2, null]);
    expect(spec.decide(disableCloning(spec.view, { task_id: TASK }))).toEqual({ is_found: true });
    expect(rules()).toEqual(['NF=3', 0, null]);
    expect(spec.decide(enableCloning(spec.view, { ...request, task_id: 5 }))).toEqual({ is_found: false });
  });

  it.each([
    [10, 2, ['NF=3,NJ=10,MJ=2', 0, 'W']],
    [10, 0, ['NF=3,NJ=10,MJ=10', 0, 'W']],
    [0, 0, ['NF=3', 0, 'D']],
  ] as const)('gets %d jumbo jobs, %d per site', (total, per_site, expected) => {
    spec.decide(enableJumbo(spec.view, { task_id: TASK, total, per_site, principal }));
    expect([rules(), spec.task.command]).toEqual([expected, undefined]);
  });

  it('does not wait for scouts when it gets jumbo jobs (D11)', () => {
    spec.record('TaskMoved', { status: 'scouting' });
    spec.decide(enableJumbo(spec.view, { task_id: TASK, total: 1, per_site: 0, principal }));
    expect(spec.task.command).toMatchObject({ name: 'avalanche', by: 'Op' });
  });

  it('may discard all its ranges', () => {
    expect(discardRanges(spec.view, spec.task)).toEqual([]);
    spec.cut([1]);
    spec.apply(discardRanges(spec.view, spec.task));
    expect(spec.view.ranges.countsOf(JOBSET)).toEqual({ discarded: 300 });
  });
});
