import { actions } from './actions/actions.js';
import { MODES } from './cairn-process.js';
import { useWorld, VARIABLES } from './world.js';

describe.each(MODES)("IceProd's asynchronous requests, $mode", (mode) => {
  const world = useWorld(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'actions',
    CAIRN_AUTOMATION_DELAY: '0',
  }));

  actions(world);
});
