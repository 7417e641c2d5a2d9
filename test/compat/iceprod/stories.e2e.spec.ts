import { MODES } from '../../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { ExactAnswers } from '../exact-answers.js';
import { entryPoints } from './stories/entry-points.js';
import { failingTask } from './stories/failing-task.js';
import { gridProcess } from './stories/grid-process.js';
import { legacyPilot } from './stories/legacy-pilot.js';
import { submitAndMaterialize } from './stories/submit-and-materialize.js';
import { suspendAndReset } from './stories/suspend-and-reset.js';

/** Least number of exact comparisons in the stories, without those of the entry points. */
const COMPARED_MIN = 250;
/** Rows of the route list. */
const ROUTES = 163;

/** Complete sequences of requests of real IceProd clients, with every answer compared exactly. */
describe.each(MODES)('IceProd clients ($mode)', (mode) => {
  // Requests are executed; all other automation is off.
  const cluster = useTestCluster(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'actions',
    CAIRN_AUTOMATION_DELAY: '0',
  }));
  const stories = new ExactAnswers();
  const refusals = new ExactAnswers();

  // Runs first because it lists all datasets.
  submitAndMaterialize(cluster, stories.expectAnswer);
  gridProcess(cluster, stories.expectAnswer);
  legacyPilot(cluster, stories.expectAnswer);
  failingTask(cluster, stories.expectAnswer);
  suspendAndReset(cluster, stories.expectAnswer);
  entryPoints(cluster, refusals.expectAnswer);

  it('were all compared by exact answers', () => {
    expect(stories.count).toBeGreaterThanOrEqual(COMPARED_MIN);
    expect(refusals.count).toBeGreaterThanOrEqual(5 * ROUTES);
  });
});
