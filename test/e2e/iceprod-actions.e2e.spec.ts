import { actions } from './actions/actions.js';
import { materialization } from './actions/materialization.js';
import { startDistributed, startEmbedded } from './cairn-process.js';
import { openWorld, VARIABLES, type World } from './world.js';

const MODES = [
  { mode: 'embedded', start: startEmbedded },
  { mode: 'as separate processes over NATS', start: startDistributed },
] as const;

describe.each(MODES)("IceProd's asynchronous requests, $mode", ({ start }) => {
  let opened: World | undefined;

  beforeAll(async () => {
    opened = await openWorld(await start({ ...VARIABLES, CAIRN_AUTOMATION: 'actions', CAIRN_AUTOMATION_DELAY: '0.3' }));
  }, 90_000);

  afterAll(async () => {
    opened?.anonymous.close();
    await opened?.cairn.remove();
  }, 60_000);

  const world = (): World => {
    if (opened === undefined) throw new Error('Cairn is not running');
    return opened;
  };

  actions(world);
  materialization(world);
});
