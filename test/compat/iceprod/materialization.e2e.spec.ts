import { materialization } from './actions/materialization.js';
import { MODES } from '../../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';

describe.each(MODES)('Materialization of datasets, $mode', (mode) => {
  const cluster = useTestCluster(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'actions',
    CAIRN_AUTOMATION_DELAY: '0',
  }));

  materialization(cluster);
});
