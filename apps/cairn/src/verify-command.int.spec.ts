import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { runCommandLine, type CommandResult } from './testing/run-command-line.js';
import { verifyCommand } from './verify-command.js';

describe('cairn verify', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-verify-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const run = (line = ''): Promise<CommandResult> => runCommandLine(verifyCommand, line, { CAIRN_DATA_DIR: folder });

  const fill = async (): Promise<void> => {
    const ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    await ledger.append('work-a', NO_STREAM, [someEvent({ a: 1 }), someEvent({ a: 1 }), someEvent({ a: 1 })]);
    await ledger.append('work-b', NO_STREAM, [someEvent({ a: 1 })]);
    await ledger.close();
  };

  const tamper = (sql: string): void => {
    const database = new DatabaseSync(join(folder, 'ledger.sqlite'));
    database.exec(sql);
    database.close();
  };

  it('reports an intact history', async () => {
    await fill();
    expect(await run()).toEqual({ exitCode: 0, stdout: '4 events in 2 streams: whole\n', stderr: '' });
  });

  it('names changed and missing events', async () => {
    await fill();
    tamper(`UPDATE event SET data = '{}' WHERE position = 4; DELETE FROM event WHERE position = 2`);
    expect(await run()).toEqual({
      exitCode: 1,
      stdout:
        'position 3, event 2 of work-a: an event before it is missing or doubled\n' +
        'position 4, event 0 of work-b: it or the event before it was changed\n' +
        '3 events in 2 streams: broken\n',
      stderr: '',
    });
  });

  it('refuses a missing ledger and does not create it', async () => {
    const before = await run();
    expect(before).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('there is no ledger in the data folder') as string,
    });
    expect(await run()).toEqual(before);
    expect((await run('work-a')).stderr).toContain('too many arguments');
  });
});
