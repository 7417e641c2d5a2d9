import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { makeOwnFolder, makePastFolder } from './past/past-folder.js';
import { replayCommand } from './replay-command.js';
import { type CommandResult, runCommandLine } from './testing/run-command-line.js';

const NOBODY = 65_534;
const IS_ROOT = process.getuid?.() === 0;

describe('cairn replay --until', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-replay-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const run = (line = ''): Promise<CommandResult> =>
    runCommandLine(replayCommand, line, { CAIRN_DATA_DIR: folder, LOG_LEVEL: 'silent' });

  it.each([
    ['--service tusks', 'It must be one of datasets, tasks, pilots, events, auth.'],
    ['--service tasks', 'there is no read model tasks in'],
    ['--until yesterday', '--until is "yesterday"; expected a position, or a time with its zone'],
    ['--until 2026-01-31T12:00:00', 'a time with its zone, such as 2026-01-31T12:00:00Z'],
    ['--until 2', '--until is 2; the ledger ends at position 1'],
    ['--until 1 --port x', 'It must be a number'],
  ])('says what is wrong with %j, and leaves nothing behind', async (line, message) => {
    await SigningKey.open(folder);
    const ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    await ledger.append('work-a', NO_STREAM, [someEvent()]);
    await ledger.close();
    expect(await run(line)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) as unknown });
    expect(existsSync(join(folder, 'past')) ? readdirSync(join(folder, 'past')) : []).toEqual([]);
  });

  it('needs the data folder of a Cairn', async () => {
    expect(await run('--until 1')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no Cairn has started in the data folder') as unknown,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('clears away what a process has left that was killed', async () => {
    // No process has this number, and an earlier one had that of this one.
    for (const left of ['view-4194305-abcdef', 'rebuild-4194305-abcdef', `view-${process.pid}-abcdef`]) {
      mkdirSync(join(folder, 'past', left), { recursive: true });
    }
    const made = [await makePastFolder(folder, 'replay'), await makeOwnFolder(folder, 'rebuild')];
    expect(readdirSync(join(folder, 'past')).toSorted()).toEqual(made.map((each) => basename(each)).toSorted());
  });

  it('is not kept from its work by what another user has left', async () => {
    const left = join(folder, 'past', 'rebuild-4194305-abcdef');
    mkdirSync(join(left, 'files'), { recursive: true });
    chmodSync(left, 0);
    // Root may do everything.
    if (IS_ROOT) {
      for (const path of [folder, join(folder, 'past')]) chownSync(path, NOBODY, NOBODY);
      process.seteuid?.(NOBODY);
    }
    try {
      const made = await makeOwnFolder(folder, 'view');
      expect([left, made].map((path) => existsSync(path))).toEqual([true, true]);
    } finally {
      if (IS_ROOT) process.seteuid?.(0);
      chmodSync(left, 0o700);
    }
  });
});
