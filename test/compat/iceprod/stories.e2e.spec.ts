import { MODES } from '../../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { ExactAnswers } from './exact-answers.js';
import { doors } from './stories/entry-points.js';
import { failingTask } from './stories/failing-task.js';
import { gridProcess } from './stories/grid-process.js';
import { legacyPilot } from './stories/legacy-pilot.js';
import { submitAndMaterialize } from './stories/submit-and-materialize.js';
import { suspendAndReset } from './stories/suspend-and-reset.js';

/** Answers that the stories compare whole, doors aside. */
const COMPARED_MIN = 250;
/** Rows of the route list. */
const DOORS = 163;

/** Complete stories as real IceProd clients live them, to the letter of every answer. */
describe.each(MODES)('IceProd clients, $mode', (mode) => {
  // Requests are carried out; nothing else happens by itself.
  const cluster = useTestCluster(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'actions',
    CAIRN_AUTOMATION_DELAY: '0',
  }));
  const told = new ExactAnswers();
  const shut = new ExactAnswers();

  // First: it lists all datasets.
  submitAndMaterialize(cluster, told.exactly);
  gridProcess(cluster, told.exactly);
  legacyPilot(cluster, told.exactly);
  failingTask(cluster, told.exactly);
  suspendAndReset(cluster, told.exactly);
  doors(cluster, shut.exactly);

  it('are told their stories to the letter', () => {
    expect(told.count).toBeGreaterThanOrEqual(COMPARED_MIN);
    expect(shut.count).toBeGreaterThanOrEqual(5 * DOORS);
  });
});
