import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_STREAM } from '#ledger/ledger.js';
import { CheckpointKey } from '#ledger/proof/checkpoint.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { signCheckpoint } from '#ledger/testing/sign-checkpoint.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { checkpointCommand } from './checkpoint-command.js';
import { proveCommand } from './prove-command.js';
import { runCommandLine, type CommandResult } from './testing/run-command-line.js';
import { verifyCommand } from './verify-command.js';

const key = CheckpointKey.make();

describe('cairn verify, checkpoint and prove', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-verify-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const env = (): Record<string, string> => ({ CAIRN_DATA_DIR: folder });
  const run = (line = ''): Promise<CommandResult> => runCommandLine(verifyCommand, line, env());

  const withLedger = async (use: (ledger: SqliteLedger) => Promise<unknown>): Promise<void> => {
    const ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    await use(ledger);
    await ledger.close();
  };

  const fill = (): Promise<void> =>
    withLedger(async (ledger) => {
      await ledger.append('work-a', NO_STREAM, [someEvent({ a: 1 }), someEvent({ a: 1 }), someEvent({ a: 1 })]);
      await ledger.append('work-b', NO_STREAM, [someEvent({ a: 1 })]);
    });

  const sign = (): Promise<void> => withLedger((ledger) => signCheckpoint(ledger, key));

  const fileOf = async (name: string, text: string): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  };

  const exported = async (line: string): Promise<string> => {
    const { stdout, exitCode } = await runCommandLine(checkpointCommand, `export ${line}`, env());
    expect(exitCode).toBe(0);
    return fileOf('checkpoint.json', stdout);
  };

  const keyFile = (of = key): Promise<string> => fileOf('key.json', JSON.stringify({ keys: [of.jwk] }));

  const tamper = (sql: string): void => {
    const database = new DatabaseSync(join(folder, 'ledger.sqlite'));
    database.exec(sql);
    database.close();
  };

  it('reports an intact history', async () => {
    await fill();
    expect(await run()).toEqual({ exitCode: 0, stdout: '4 events in 2 streams: whole\n', stderr: '' });
    await sign();
    const signed = `checkpoints are signed by the key ${key.id}\n5 events in 3 streams, 1 checkpoint: whole\n`;
    expect(await run()).toEqual({ exitCode: 0, stdout: signed, stderr: '' });
    expect((await run(`--key ${await keyFile()}`)).exitCode).toBe(0);
    const other = await run(`--key ${await keyFile(CheckpointKey.make())}`);
    expect(other.stdout).toContain(`checkpoint 1: it was signed by another key, ${key.id}\n`);
    expect(other.exitCode).toBe(1);
  });

  it('names changed and missing events', async () => {
    await fill();
    tamper(`UPDATE event SET data = '{}' WHERE position = 4; DELETE FROM event WHERE position = 2`);
    expect(await run()).toEqual({
      exitCode: 1,
      stdout:
        'event 2 of the ledger, event 2 of work-a: an event before it is missing or doubled\n' +
        'event 3 of the ledger, event 0 of work-b: it or the event before it was changed\n' +
        '3 events in 2 streams: broken\n',
      stderr: '',
    });
  });

  it('finds by a checkpoint that was kept what was cut off since, and names it when the checkpoint has heads', async () => {
    await fill();
    await sign();
    const kept = await exported('--heads');
    tamper('DELETE FROM event WHERE position > 2; DELETE FROM stream WHERE id > 1');
    expect(await run()).toMatchObject({ exitCode: 0, stdout: '2 events in 1 stream: whole\n' });
    expect(await run(`--checkpoint ${kept}`)).toMatchObject({
      exitCode: 1,
      stdout:
        'checkpoint 1 (given): event 3 of the ledger and what is behind it are missing, 2 of those that it covers: ' +
        'work-a ends with event 1, 1 behind it are missing or changed; work-b with 1 events is missing\n' +
        '2 events in 1 stream: broken\n',
    });
  });

  it('lists checkpoints and exports any of them', async () => {
    await fill();
    expect((await runCommandLine(checkpointCommand, 'export', env())).stderr).toContain('there is no checkpoint yet');
    await sign();
    await sign();
    const list = (await runCommandLine(checkpointCommand, 'list', env())).stdout;
    expect(list).toMatch(/^1 \S+Z 4 2 [0-9a-f]{64}\n2 \S+Z 5 3 [0-9a-f]{64}\n$/);
    const given = await run(`--checkpoint ${await exported('1')} --key ${await keyFile()}`);
    expect(given).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('2 checkpoints: whole') as string });
    expect((await runCommandLine(checkpointCommand, 'export 3', env())).stderr).toContain(
      'there is no checkpoint 3; the last one is 2',
    );
  });

  it('proves an event to somebody who has no ledger', async () => {
    await fill();
    await sign();
    const { stdout } = await runCommandLine(proveCommand, '2', env());
    const proof = await fileOf('proof.json', stdout);
    const trusted = await keyFile();
    await rm(join(folder, 'ledger.sqlite'));
    expect(await run(`--proof ${proof} --key ${trusted}`)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^event 1 of work-a \(\S+\): UnitClaimed by alice at \S+Z\nis covered by checkpoint 1 of \S+Z, signed by the key \S+\n$/,
      ) as string,
    });
    const forged = await fileOf('forged.json', stdout.replace('alice', 'mallo'));
    expect(await run(`--proof ${forged}`)).toMatchObject({
      exitCode: 1,
      stdout: 'the proof does not hold: the event was changed\n',
    });
    expect((await run(`--proof ${proof} --key ${await keyFile(CheckpointKey.make())}`)).exitCode).toBe(1);
    const { stderr, exitCode } = await run(`--proof ${trusted}`);
    expect([stderr, exitCode]).toEqual([
      expect.stringContaining('key.json: format should be "cairn event proof 1"'),
      2,
    ]);
  });

  it('proves by id, and refuses what no checkpoint covers', async () => {
    await fill();
    await sign();
    await withLedger(async (ledger) => {
      const late = someEvent({ late: true });
      await ledger.append('work-b', 0, [late]);
      const [first] = await ledger.readStream('work-b');
      expect((await runCommandLine(proveCommand, first?.id ?? '', env())).exitCode).toBe(0);
      expect(await runCommandLine(proveCommand, late.id, env())).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('checkpoint 1 does not cover the event') as string,
      });
      expect((await runCommandLine(proveCommand, '99', env())).stderr).toContain('the ledger has no event at 99');
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
