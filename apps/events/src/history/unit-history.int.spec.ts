import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NewEvent, NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { idAt } from '#contracts/ids.js';
import type { Ranges, UnitsAdded } from '#contracts/work-events.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { unitEventsProjection } from './unit-events-projection.js';
import { UnitHistory } from './unit-history.js';

const STREAM = 'work-iceprod.main.a';
const COMMAND = randomUUID();

const event = (type: string, data: object, timeMicros = 1_700_000_000_000_001): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: {
    timeMicros,
    actor: 'alice',
    dialect: 'iceprod',
    correlationId: 'request',
    causationId: COMMAND,
    schemaVersion: 1,
  },
});

const moved = (units: Ranges, status = 'waiting'): NewEvent => event('UnitsMoved', { units, status });

const added: UnitsAdded = {
  units: [[10, 15]],
  workload_id: 'a',
  prefix: 'f'.repeat(24),
  group_ids: { prefix: 'e'.repeat(24), first: 5, first_index: 100 },
  shapes: [
    { name: 'generate', depends: [], requirements: '{"memory":1.0}', status: 'idle', priority: 0.5 },
    { name: 'filter', depends: [0], requirements: '{}', status: 'idle', priority: 0.5 },
  ],
};

describe('UnitHistory', () => {
  let folder: string;
  let ledger: SqliteLedger;
  let readModel: ReadModel;
  let history: UnitHistory;
  const record = async (...events: NewEvent[]): Promise<void> => {
    const [last] = await ledger.readStream(STREAM, { direction: 'backwards', limit: 1 });
    const { position } = await ledger.append(STREAM, last?.revision ?? NO_STREAM, events);
    expect(await readModel.waitForPosition(position, 5000)).toBe(true);
  };
  const entriesOf = async (ordinal: number): Promise<{ event: string; data: Record<string, unknown> }[]> =>
    (await history.page({ stream: STREAM, ordinal })).entries.map(
      (entry) => JSON.parse(entry) as { event: string; data: Record<string, unknown> },
    );

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-history-'));
    ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    readModel = await ReadModel.open({
      file: join(folder, 'events.sqlite'),
      ledger,
      projections: [unitEventsProjection],
    });
    readModel.start();
    await readModel.caughtUp();
    history = new UnitHistory(readModel, ledger);
  });

  afterEach(async () => {
    await readModel.close();
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  it('says what happened, when, by whom and why, with documents as they were written', async () => {
    await record(event('UnitFailed', { units: [[3, 3]], status: 'reset', hours: 1.5, resources: '{"disk":1.0}' }));
    expect(await history.page({ stream: STREAM, ordinal: 3 })).toEqual({
      entries: [
        `{"position":1,"time":"2023-11-14T22:13:20.000001Z","actor":"alice","event":"UnitFailed","cause":"${COMMAND}",` +
          `"data":{"status":"reset","hours":1.5,"resources":{"disk":1.0}}}`,
      ],
    });
  });

  it('shows the part of a batch that concerns the unit', async () => {
    await record(event('UnitsAdded', added));
    expect(await entriesOf(13)).toEqual([
      expect.objectContaining({
        event: 'UnitsAdded',
        data: {
          workload_id: 'a',
          unit_id: idAt(added.prefix, 3),
          group_id: idAt('e'.repeat(24), 6),
          group_index: 101,
          index: 1,
          name: 'filter',
          depends: [idAt(added.prefix, 2)],
          requirements: {},
          status: 'idle',
          priority: 0.5,
        },
      }),
    ]);
    expect(await entriesOf(16)).toEqual([]);
  });

  it('finds events of one unit, of few and of very many, oldest first, and no others', async () => {
    await record(
      moved([[7, 7]], 'one'),
      moved([[0, 999]], 'many'),
      moved([[8, 8]], 'other'),
      moved([[5, 6], [8, 9]], 'gap'), // prettier-ignore
      moved([[0, 5], [8, 999]], 'wide gap'), // prettier-ignore
      moved([[6, 8]], 'few'),
    );
    expect((await entriesOf(7)).map(({ data }) => data['status'])).toEqual(['one', 'many', 'few']);
  });

  it('pages without losing or repeating an event', async () => {
    const statuses = Array.from({ length: 250 }, (_, index) => `status-${index}`);
    await record(...statuses.map((status, index) => moved(index % 3 === 0 ? [[0, 99]] : [[4, 4]], status)));
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await history.page({ stream: STREAM, ordinal: 4 }, cursor);
      for (const entry of page.entries) seen.push((JSON.parse(entry) as { data: { status: string } }).data.status);
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen).toEqual(statuses);
  });

  it('names the run that a change of many units ended, on any page', async () => {
    const claimed = (units: Ranges, lease_id: string) =>
      event('UnitsClaimed', { units, status: 'queued', lease_id, site: 'UW' });
    const suspended = event('UnitsMoved', { units: [[0, 9]], status: 'suspended', clears: ['lease'] });
    const again = { ...suspended, id: randomUUID() };
    const filler = Array.from({ length: 120 }, () => moved([[0, 9]], 'queued'));
    await record(claimed([[3, 4]], 'lease b'), claimed([[5, 5]], 'other'), ...filler, suspended, again);
    const endedOf = async (ordinal: number): Promise<readonly unknown[]> => {
      const ended: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await history.page({ stream: STREAM, ordinal }, cursor);
        for (const entry of page.entries) {
          const { event: type, data } = JSON.parse(entry) as { event: string; data: Record<string, unknown> };
          if (type === 'UnitsMoved' && data['clears'] !== undefined) ended.push(data['ended_lease_id']);
        }
        cursor = page.next;
      } while (cursor !== undefined);
      return ended;
    };
    expect(await endedOf(3)).toEqual(['lease b', undefined]);
    expect(await endedOf(5)).toEqual(['other', undefined]);
    expect(await endedOf(6)).toEqual([undefined, undefined]);
  });

  it('is empty for unknown units and streams', async () => {
    await record(moved([[0, 3]]));
    expect(await entriesOf(4)).toEqual([]);
    expect(await history.page({ stream: 'work-iceprod.main.other', ordinal: 0 })).toEqual({ entries: [] });
  });
});
