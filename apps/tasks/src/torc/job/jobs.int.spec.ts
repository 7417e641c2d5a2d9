import fc from 'fast-check';
import { arbitraryEvents } from './testing/arbitrary-events.js';
import { JobModel } from './testing/job-model.js';

describe('jobs of Torc on the engine', () => {
  it('equal the model after any events, and again after a replay', () => {
    fc.assert(
      fc.property(arbitraryEvents, fc.boolean(), (steps, forgets) => {
        const model = new JobModel();
        for (const [at, step] of steps.entries()) {
          model.apply(step);
          // A rollback clears all caches. Nothing may depend on them.
          if (forgets && at % 4 === 3) model.forget();
          // Claims in between load the ready queue, which then follows each change.
          else if (at % 4 === 1) expect(model.shownReady()).toEqual(model.expectedReady());
          else expect(model.shownOrders()).toEqual(model.expectedOrders());
        }
        expect(model.shown()).toEqual(model.expected());
        const replayed = model.replayed();
        expect(replayed.shown()).toEqual(model.expected());
        model.close();
        replayed.close();
      }),
      { numRuns: 40 },
    );
  });
});
