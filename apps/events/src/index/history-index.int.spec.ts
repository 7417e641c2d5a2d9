import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { someEvent } from '#ledger/testing/new-events.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { HistoryIndex } from './history-index.js';

describe('HistoryIndex', () => {
  let folder: string;
  let ledger: SqliteLedger;
  let index: HistoryIndex;

  const record = async (...streams: readonly string[]): Promise<void> => {
    for (const stream of streams) await ledger.append(stream, NO_STREAM, [someEvent()]);
    await index.showHead();
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-index-'));
    ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    index = await HistoryIndex.open({ file: join(folder, 'history.sqlite'), ledger });
    await index.caughtUp();
  });

  afterEach(async () => {
    await index.close();
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  it('resolves workloads by ref, and by id where it is unique', async () => {
    await record(
      'workload-iceprod.main.a',
      'work-iceprod.logs.2026',
      'work-panda.main.7',
      'work-torc.main.7',
      'work-torc.main.8',
    );
    expect(index.resolveWorkload('iceprod.main.a')).toBe('iceprod.main.a');
    expect(index.resolveWorkload('a')).toBe('iceprod.main.a');
    expect(index.resolveWorkload('torc.main.7')).toBe('torc.main.7');
    expect(index.resolveWorkload('8')).toBe('torc.main.8');
    expect(() => index.resolveWorkload('7')).toThrow('Several workloads have this id: panda.main.7, torc.main.7');
    for (const unknown of ['b', 'iceprod.logs.2026', 'iceprod.main.b', '', 'é\u0000%', 'x'.repeat(10_000)]) {
      expect(() => index.resolveWorkload(unknown)).toThrow('Workload not found');
    }
  });
});
