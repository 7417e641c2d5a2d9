import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PastAnswer } from '#contracts/cairn/past-view.js';
import { type Ledger, START } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { loadEnvironment } from '#platform/environment.js';
import { createLog } from '#platform/logging.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { Moment } from './moment.js';
import { makePastFolder } from './past-folder.js';
import { PastView } from './past-view.js';

describe('a view of the past', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cairn-past-view-'));
  let present: Ledger;
  let view: PastView;
  let moment: Moment;

  const get = (dialect: string, url: string): Promise<PastAnswer> =>
    view.ask({ dialect, url, caller: { username: 'alice', roles: ['user'], groups: [] } });

  beforeAll(async () => {
    const environment = loadEnvironment({ CAIRN_DATA_DIR: dataDir, LOG_LEVEL: 'warn', OIDC_AUDIENCE: 'cairn' });
    await SigningKey.open(dataDir);
    present = await SqliteLedger.open(join(dataDir, 'ledger.sqlite'));
    const log = createLog(environment, 'test');
    const blobs = new FolderBlobStore(join(dataDir, 'blobs'));
    const place = async () => ({ folder: await makePastFolder(dataDir, 'view'), environment, blobs, log });
    view = await PastView.open({ ...(await place()), answerBytesMax: 100 });
    const past = { ref: 'torc.main.1', streams: [], position: START };
    moment = await Moment.open({ ...(await place()), present }, past);
    view.show(moment);
  }, 60_000);

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
});
