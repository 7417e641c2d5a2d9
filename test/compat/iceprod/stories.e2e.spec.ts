import { MODES } from '../../e2e/cairn-process.js';
import { useWorld, VARIABLES } from '../../e2e/world.js';
import { ExactAnswers } from './exactly.js';
import { doors } from './stories/doors.js';
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
  const world = useWorld(mode, () => ({ ...VARIABLES, CAIRN_AUTOMATION: 'actions', CAIRN_AUTOMATION_DELAY: '0' }));
  const told = new ExactAnswers();
  const shut = new ExactAnswers();

  // First: it lists all datasets.
  submitAndMaterialize(world, told.exactly);
  gridProcess(world, told.exactly);
  legacyPilot(world, told.exactly);
  failingTask(world, told.exactly);
  suspendAndReset(world, told.exactly);
  doors(world, shut.exactly);

  it('are told their stories to the letter', () => {
    expect(told.count).toBeGreaterThanOrEqual(COMPARED_MIN);
    expect(shut.count).toBeGreaterThanOrEqual(5 * DOORS);
  });
});
