import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startDistributed, startEmbedded } from './cairn-process.js';
import { files } from './logs-and-files/files.js';
import { logs } from './logs-and-files/logs.js';
import { useWorld } from './world.js';

const MODES = [
  { mode: 'embedded', start: startEmbedded, inFolder: true },
  { mode: 'as separate processes over NATS', start: startDistributed, inFolder: false },
] as const;

describe.each(MODES)("IceProd's logs and files, $mode", ({ start, inFolder }) => {
  const world = useWorld(start);

  files(world);
  logs(world);

  it(`need ${inFolder ? 'the data folder' : 'no folder that processes share'}`, () => {
    expect(existsSync(join(world().cairn.dataDir, 'blobs'))).toBe(inFolder);
  });
});
