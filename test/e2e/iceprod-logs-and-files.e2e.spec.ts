import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MODES } from './cairn-process.js';
import { files } from './logs-and-files/files.js';
import { logs } from './logs-and-files/logs.js';
import { useWorld } from './world.js';

describe.each(MODES)("IceProd's logs and files, $mode", (mode) => {
  const world = useWorld(mode);

  files(world);
  logs(world);

  it(`need ${mode.isDistributed ? 'no folder that processes share' : 'the data folder'}`, () => {
    expect(existsSync(join(world().cairn.dataDir, 'blobs'))).toBe(!mode.isDistributed);
  });
});
