import { materialization } from './actions/materialization.js';
import { MODES } from './cairn-process.js';
import { useWorld, VARIABLES } from './world.js';

describe.each(MODES)('Materialization of datasets, $mode', (mode) => {
  const world = useWorld(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'actions',
    CAIRN_AUTOMATION_DELAY: '0',
  }));

  materialization(world);
});
