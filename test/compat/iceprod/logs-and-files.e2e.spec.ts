import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MODES } from '../../harness/cairn-process.js';
import { files } from './logs-and-files/files.js';
import { logs } from './logs-and-files/logs.js';
import { useTestCluster } from '../../harness/test-cluster.js';

describe.each(MODES)("IceProd's logs and files ($mode)", (mode) => {
  const cluster = useTestCluster(mode);

  files(cluster);
  logs(cluster);

  it(`need ${mode.isDistributed ? 'no folder that processes share' : 'the data folder'}`, () => {
    expect(existsSync(join(cluster().cairn.dataDir, 'blobs'))).toBe(!mode.isDistributed);
  });
});
