import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnerLock } from '#event-sourcing/owner-lock.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { someEvent, someMetadata } from '#ledger/testing/new-events.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { checkpointCommand } from './checkpoint-command.js';
import { pseudonymizeCommand } from './pseudonymize-command.js';
import { type CommandResult, runCommandLine } from './testing/run-command-line.js';
import { verifyCommand } from './verify-command.js';

describe('cairn pseudonymize', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-pseudonymize-'));
    await SigningKey.open(folder);
    await mkdir(join(folder, 'key-value-store'), { recursive: true });
    await mkdir(join(folder, 'read-models'), { recursive: true });
    await writeFile(join(folder, 'read-models', 'tasks.sqlite'), 'made from the ledger');
    const ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    // The metadata of these events names alice.
    await ledger.append('user-cairn.main.alice', NO_STREAM, [someEvent({ username: 'alice' })]);
    await ledger.append('work-iceprod.main.a', NO_STREAM, [someEvent({ status: 'alice' })]);
    const metadata = { ...someMetadata(), actor: 'bob' };
    await ledger.append('work-iceprod.main.a', 0, [{ ...someEvent({ holder: 'bob' }), metadata }]);
    await ledger.close();
  });

  afterEach(() => rm(folder, { recursive: true }));

  const run = (
    line: string,
    command = pseudonymizeCommand,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<CommandResult> => runCommandLine(command, line, { CAIRN_DATA_DIR: folder, ...variables });

  it('replaces a name in the ledger, which stays whole', async () => {
    const checkpoint = join(folder, 'checkpoint.json');
    await writeFile(checkpoint, (await run('sign', checkpointCommand)).stdout);
    expect(await run('alice --as person-1')).toEqual({
      exitCode: 0,
      stdout: '2 events have the name person-1 now\n',
      stderr: '',
    });
    expect(existsSync(join(folder, 'read-models', 'tasks.sqlite'))).toBe(false);
    const ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    const [user] = await ledger.readStream('user-cairn.main.person-1');
    const [unit] = await ledger.readStream('work-iceprod.main.a');
    await ledger.close();
    expect(JSON.parse(user?.data ?? '')).toEqual({ username: 'person-1' });
    expect(unit).toMatchObject({ data: '{"status":"alice"}', metadata: expect.stringContaining('person-1') as string });
    expect((await readFile(join(folder, 'ledger.sqlite'))).includes('"actor":"alice"')).toBe(false);
    const verified = await run(`--checkpoint ${checkpoint}`, verifyCommand);
    expect(verified.stdout).toContain('a name was replaced by person-1 in 2 events, as is recorded\n');
    expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(': whole') as string });
    expect((await run('alice')).stdout).toBe('no event has this name\n');
  });

  it('refuses names that somebody has, EventStoreDB, and a Cairn that runs', async () => {
    expect(await run('alice --as bob')).toMatchObject({
      exitCode: 1,
      stderr: 'error: the history has the name "bob" already: choose another\n',
    });
    const server = { EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false' };
    expect((await run('alice', pseudonymizeCommand, server)).stderr).toContain('EventStoreDB keeps what was written');
    expect((await run('al"ice')).stderr).toContain('cannot be replaced');
    const lock = OwnerLock.take(join(folder, 'read-models', 'events.sqlite'));
    await expect(run('alice')).rejects.toThrow('another process uses');
    lock.release();
    expect((await run('', verifyCommand)).stdout).toContain('3 events in 2 streams: whole\n');
  });
});
