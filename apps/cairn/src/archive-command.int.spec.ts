import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnerLock } from '#event-sourcing/owner-lock.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { archiveCommand } from './archive-command.js';
import { type CommandResult, runCommandLine } from './testing/run-command-line.js';
import { verifyCommand } from './verify-command.js';

describe('cairn archive', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-archive-'));
    const ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    await ledger.append('work-iceprod.main.a', NO_STREAM, [someEvent(), someEvent(), someEvent()]);
    await ledger.close();
  });

  afterEach(() => rm(folder, { recursive: true }));

  const run = (line: string, command = archiveCommand): Promise<CommandResult> =>
    runCommandLine(command, line, { CAIRN_DATA_DIR: folder });

  it('moves old workloads into a file of their own, and back', async () => {
    const archive = join(folder, 'ledger-archive.sqlite');
    expect((await run('--before 2026-01-01T00:00:00Z')).stdout).toBe('0 events of 0 streams moved\n');
    expect(existsSync(archive)).toBe(false);
    expect((await run('--before 2030-01-01T00:00:00Z')).stdout).toBe('2 events of 1 streams moved\n');
    expect(existsSync(archive)).toBe(true);
    expect((await run('', verifyCommand)).stdout).toContain('3 events in 1 stream: whole\n');
    expect((await run('--restore')).stdout).toBe('2 events moved back\n');
    expect(existsSync(archive)).toBe(false);
  });

  it('refuses a time without a zone, no task, and a Cairn that runs', async () => {
    expect((await run('--before 2026-01-01')).stderr).toContain('a time with its zone');
    expect((await run('')).stderr).toContain('expected --before or --restore');
    const lock = OwnerLock.take(join(folder, 'read-models', 'auth.sqlite'));
    await expect(run('--restore')).rejects.toThrow('another process uses');
    lock.release();
  });
});
