import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PastAnswer } from '#contracts/cairn/past-view.js';
import { type Ledger, NO_STREAM, START } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { loadEnvironment } from '#platform/environment.js';
import { createLog } from '#platform/logging.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { Moment, SIGNATURE } from './moment.js';
import { makePastFolder } from './past-folder.js';
import { PastView } from './past-view.js';
import { ViewCheckpoints } from './view-checkpoints.js';
import { ViewKeeper } from './view-keeper.js';

describe('a view of the past', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cairn-past-view-'));
  const environment = loadEnvironment({ CAIRN_DATA_DIR: dataDir, LOG_LEVEL: 'error', OIDC_AUDIENCE: 'cairn' });
  const log = createLog(environment, 'test');
  const blobs = new FolderBlobStore(join(dataDir, 'blobs'));
  let present: Ledger;
  let view: PastView;
  let moment: Moment;

  const get = (dialect: string, url: string): Promise<PastAnswer> =>
    view.ask({ dialect, url, caller: { username: 'alice', roles: ['user'], groups: [] } });

  beforeAll(async () => {
    await SigningKey.open(dataDir);
    present = await SqliteLedger.open(join(dataDir, 'ledger.sqlite'));
    const place = async () => ({ folder: await makePastFolder(dataDir, 'view'), environment, blobs, log });
    view = await PastView.open({ ...(await place()), answerBytesMax: 100 });
    const past = { ref: 'torc.main.1', streams: [], position: START };
    moment = await Moment.open({ ...(await place()), present }, past);
    view.show(moment);
  });

  afterAll(async () => {
    await view.close();
    await moment.close();
    await present.close();
    rmSync(dataDir, { recursive: true });
  });

  it('answers what the dialect answers, whatever audience tokens must have', async () => {
    expect(await get('torc', '/workflows/97')).toMatchObject({ status: 404 });
    expect(await get('torc', '/version')).toMatchObject({ status: 200 });
  });

  it.each([
    ['of an answer without an end', 'torc', '/cairn/torc/workflows/97/events/stream'],
    ['of another dialect', 'torc', '/datasets'],
    ['that the roles do not suffice for', 'iceprod', '/users'],
  ])('refuses a path %s', async (_, dialect, url) => {
    await expect(get(dialect, url)).rejects.toThrow(
      `path is "${url}"; expected the path of a GET route of ${dialect} that your roles suffice for, and no stream of events`,
    );
  });

  it('refuses an answer that is too large, and goes on', async () => {
    await expect(get('cairn', '/openapi.json')).rejects.toThrow(
      'path is "/openapi.json", whose answer has more than 100 bytes; ask for a page of it',
    );
    expect(await get('torc', '/version')).toMatchObject({ status: 200 });
  });

  describe('keeps checkpoints', () => {
    const REF = 'torc.main.1';
    const STREAM = `work-${REF}`;
    const DISTANCES = { checkpoints: 1_000, copies: 10_000, step: 1 };
    const opened: Ledger[] = [];

    afterAll(() => Promise.all(opened.map((ledger) => ledger.close())));

    const someHistory = async (name: string): Promise<Ledger> => {
      const ledger = await SqliteLedger.open(join(dataDir, `${name}.sqlite`));
      opened.push(ledger);
      const events = Array.from({ length: 1_100 }, () => ({ ...someEvent(), type: 'NothingHappened' }));
      await ledger.append(STREAM, NO_STREAM, events);
      return ledger;
    };

    /** Has the checkpoints made; the last one then. */
    const keep = async (ledger: Ledger): Promise<number | undefined> => {
      const keeper = new ViewKeeper(ledger, blobs, environment, log, DISTANCES);
      const position = await ledger.head();
      await keeper.keep({ past: { ref: REF, streams: [STREAM], position } });
      await keeper.close();
      return new ViewCheckpoints(environment, REF, SIGNATURE).lastUpTo(position);
    };

    it('of this history of the ledger only', async () => {
      const ledger = await someHistory('one');
      const [event] = await ledger.readStream(STREAM, { from: DISTANCES.checkpoints, limit: 1 });
      expect([await keep(ledger), await keep(ledger)]).toEqual([event?.position, event?.position]);
      const other = await someHistory('other');
      // The one that does not fit is tried once.
      expect([await keep(other), await keep(other)]).toEqual([undefined, event?.position]);
    });

    it('or goes on without', async () => {
      const folder = join(dataDir, 'past', 'checkpoints');
      rmSync(folder, { recursive: true, force: true });
      writeFileSync(folder, 'no folder');
      expect(await keep(await someHistory('third'))).toBeUndefined();
    });
  });
});
