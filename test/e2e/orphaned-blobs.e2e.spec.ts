import { request } from 'node:http';
import { join } from 'node:path';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import { filesIn, makeAllOld } from '#storage/testing/blob-folder.js';
import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../harness/cairn-process.js';
import { ok } from '../compat/iceprod/answers.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { ID } from '../compat/iceprod/fixtures.js';

const LARGE = 'x'.repeat(1_500_000);

describe.each(MODES.filter(({ isDistributed }) => !isDistributed))('orphaned blobs after a crash', (mode) => {
  const cluster = useTestCluster(mode);

  /** An upload of a log that ends only when `end` is called. */
  const slowUpload = async (token: string) => {
    const sending = request(`${cluster().cairn.url}/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    });
    const answer = new Promise<string>((settle) => {
      sending.on('error', (error) => settle(error.message));
      sending.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => settle(Buffer.concat(chunks).toString()));
      });
    });
    sending.write(`{"task_id":"slow","data":"${LARGE}`);
    await eventually(async () => (await filesIn(incoming())).length > 0, true);
    return { answer, end: () => sending.end('the end"}') };
  };

  const blobFolder = (): string => join(cluster().cairn.dataDir, 'blobs');
  const incoming = (): string => join(blobFolder(), 'incoming');

  it('are collected after a day, and no other blobs are', async () => {
    const { system, cairn } = cluster();
    const token = await cairn.token({ username: 'grid', roles: ['system'] });
    const { result: log } = (await system.post('/logs', { data: LARGE, task_id: 't' })).json as { result: string };
    const statBody = { dataset_id: 'd', log: LARGE };
    const { result: stat } = (await system.post('/tasks/t/task_stats', statBody)).json as { result: string };

    const lost = await slowUpload(token);
    const blobs = new FolderBlobStore(blobFolder());
    await cairn.restart({
      signal: 'SIGKILL',
      meanwhile: async () => {
        // Stored, but the process died before it could record them.
        await blobs.put('log/orphan', '"x"');
        await blobs.put('task-stat/orphan', '{}');
        await blobs.put('config/orphan', '{}');
        await makeAllOld(blobFolder());
        expect(await filesIn(incoming())).toHaveLength(1);
      },
    });
    expect(await lost.answer).toMatch(/socket hang up|ECONNRESET/);

    const slow = await slowUpload(token);
    await eventually(() => blobs.getText('log/orphan'), undefined);
    await eventually(() => blobs.getText('task-stat/orphan'), undefined);
    await eventually(() => blobs.getText('config/orphan'), undefined);
    expect(await filesIn(incoming())).toHaveLength(1);
    slow.end();
    const { result: slowLog } = JSON.parse(await slow.answer) as { result: string };
    expect(slowLog).toMatch(ID);
    expect((await system.get(`/logs/${slowLog}`)).json).toMatchObject({ data: `${LARGE}the end` });
    expect((await system.get(`/logs/${log}`)).json).toMatchObject({ data: LARGE });
    expect(await system.get(`/datasets/d/tasks/t/task_stats/${stat}`)).toEqual(
      ok(expect.objectContaining({ stats: { log: LARGE } })),
    );
    expect(await filesIn(incoming())).toEqual([]);
    // The two recorded bodies and the slow upload.
    expect(await filesIn(blobFolder())).toHaveLength(3);
  });
});
