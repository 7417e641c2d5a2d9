import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnerLock } from '#event-sourcing/owner-lock.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { EventStoreDbDouble } from '#ledger/testing/eventstoredb-double.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { exportCommand } from './export-command.js';
import { importCommand } from './import-command.js';
import { type CommandResult, runCommandLine } from './testing/run-command-line.js';
import { verifyCommand } from './verify-command.js';

describe('cairn export and cairn import', () => {
  let folder = '';
  let file = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-export-'));
    file = join(folder, 'history.jsonl');
  });

  afterEach(() => rm(folder, { recursive: true }));

  const at = (name: string): Readonly<Record<string, string>> => ({ CAIRN_DATA_DIR: join(folder, name) });

  const exported = (env: Readonly<Record<string, string>>, to = file): Promise<CommandResult> =>
    runCommandLine(exportCommand, to, env);

  const imported = (env: Readonly<Record<string, string>>): Promise<CommandResult> =>
    runCommandLine(importCommand, file, env);

  const fill = async (): Promise<void> => {
    await mkdir(join(folder, 'source'));
    const ledger = await SqliteLedger.open(join(folder, 'source', 'ledger.sqlite'));
    await ledger.append('work-a', NO_STREAM, [someEvent({ a: 1 }), someEvent({ a: 2 })]);
    await ledger.append('work-b', NO_STREAM, [someEvent({ b: 1 })]);
    await ledger.close();
  };

  it('make a file that is verified without a ledger', async () => {
    await fill();
    await exported(at('source'));
    const verified = (): Promise<CommandResult> => runCommandLine(verifyCommand, `--export ${file}`, at('nowhere'));
    expect(await verified()).toEqual({ exitCode: 0, stdout: '3 events in 2 streams: whole\n', stderr: '' });
    await writeFile(file, (await readFile(file, 'utf8')).replace('work-b', 'work-c'));
    expect((await verified()).exitCode).toBe(1);
    await rm(file);
    expect(await verified()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no file') as string });
  });

  it('move a history from SQLite to EventStoreDB and back', async () => {
    const double = await EventStoreDbDouble.start();
    try {
      await fill();
      const server = { ...at('server'), EVENTSTORE_URL: double.url };
      expect(await exported(at('source'))).toEqual({
        exitCode: 0,
        stdout: '3 events, 3 of them written now\n',
        stderr: '',
      });
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await imported(server)).toEqual({ exitCode: 0, stdout: '3 events, 3 of them stored now\n', stderr: '' });
      expect((await imported(server)).stdout).toBe('3 events, 0 of them stored now\n');
      const first = await readFile(file, 'utf8');
      await rm(file);
      await exported(server);
      expect(await readFile(file, 'utf8')).toBe(first);
      expect((await imported(at('target'))).exitCode).toBe(0);
      expect((await runCommandLine(verifyCommand, '', at('target'))).stdout).toBe('3 events in 2 streams: whole\n');
    } finally {
      double.stop();
    }
  });

  it('say what is wrong, and exit with 1', async () => {
    await fill();
    await exported(at('source'));
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('work-b', 'work-c'));
    expect(await imported(at('target'))).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `error: ${file}, line 5: the lines before it were changed since they were written, or this one was\n`,
    });
    await writeFile(file, 'x'.repeat(100));
    expect(await exported(at('source'))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('this is no export of a ledger') as string,
    });
  });

  it('refuse a ledger or a file that is not there, and a Cairn that runs', async () => {
    expect((await exported(at('nowhere'))).stderr).toContain('there is no ledger in the data folder');
    expect((await imported(at('target'))).stderr).toContain(`there is no file ${file}`);
    await fill();
    await exported(at('source'));
    const lock = OwnerLock.take(join(folder, 'target', 'read-models', 'pilots.sqlite'));
    await expect(imported(at('target'))).rejects.toThrow('another process uses');
    lock.release();
    expect((await imported(at('target'))).exitCode).toBe(0);
  });
});
