import { actions } from './actions/actions.js';
import { materialization } from './actions/materialization.js';
import { statusRequests } from './actions/status-requests.js';
import { MODES } from '../../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';

describe.each(MODES)("IceProd's asynchronous requests ($mode)", (mode) => {
  const cluster = useTestCluster(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'actions',
    CAIRN_AUTOMATION_DELAY: '0',
  }));

  actions(cluster);
  materialization(cluster);
  statusRequests(cluster);
});
