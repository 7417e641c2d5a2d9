import { MODES } from '../../harness/cairn-process.js';
import { ExactAnswers } from '../exact-answers.js';
import { cancelAndReset } from './stories/cancel-and-reset.js';
import { creation } from './stories/creation.js';
import { failureAndRestart } from './stories/failure-and-restart.js';
import { recordedRun } from './stories/recorded-run.js';
import { resultsAndEvents } from './stories/results-and-events.js';
import { routeList } from './stories/route-list.js';
import { slurm } from './stories/slurm.js';
import { useTorc } from './use-torc.js';

/** Least number of exact comparisons in the stories. */
const COMPARED_MIN = 250;

/** Complete sequences of requests of real Torc clients, with every answer compared exactly (contract 7). */
describe.each(MODES)('Torc clients ($mode)', (mode) => {
  const { torc, otherAddress } = useTorc(mode);
  const stories = new ExactAnswers();

  routeList(torc);
  recordedRun(torc, stories.expectAnswer);
  creation(torc, stories.expectAnswer);
  failureAndRestart(torc, stories.expectAnswer);
  cancelAndReset(torc, stories.expectAnswer);
  slurm(torc, otherAddress, stories.expectAnswer);
  resultsAndEvents(torc, stories.expectAnswer);

  it('were all compared by exact answers', () => {
    expect(stories.count).toBeGreaterThanOrEqual(COMPARED_MIN);
  });
});
