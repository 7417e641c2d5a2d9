import { created, isRefusal, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, TIMESTAMP } from '../fixtures.js';

const GRID = { host: 'sub-1.example', queues: { condor: 'HTCondor' }, version: '3.2.39' };

/** IceProd contract 11. */
export const grids = (cluster: GetTestCluster): void => {
  describe('grids', () => {
    it('can be registered, read and updated', async () => {
      const { system, admin } = cluster();
      const answer = await system.post('/grids', { ...GRID, site: 'UW', start_date: 'mine', weight: 1 });
      expect(answer).toEqual(created({ result: expect.stringMatching(ID) as string }));
      const { result: id } = answer.json as { result: string };
      const { json } = await system.get(`/grids/${id}`);
      const document = json as { start_date: string; last_update: string };
      expect(document).toEqual({
        ...GRID,
        grid_id: id,
        site: 'UW',
        weight: 1,
        debug: false,
        username: 'iceprod-system',
        start_date: expect.stringMatching(TIMESTAMP) as string,
        last_update: document.start_date,
      });
      expect((await admin.get('/grids')).json).toMatchObject({ [id]: document });

      const reported = await system.patch(`/grids/${id}`, { version: '3.2.40', 'queues.slurm': 'slurm', x: null });
      const after = reported.json as { last_update: string };
      expect(reported).toEqual(
        ok({
          ...document,
          version: '3.2.40',
          queues: { condor: 'HTCondor', slurm: 'slurm' },
          x: null,
          last_update: expect.stringMatching(TIMESTAMP) as string,
        }),
      );
      expect(after.last_update > document.last_update).toBe(true);
      expect(await system.get(`/grids/${id}`)).toEqual(ok(after));
    });

    it('keep numbers exactly as sent', async () => {
      const { system } = cluster();
      const { json } = await system.post(
        '/grids',
        '{"host":"h","queues":{},"version":"1","n":12345678901234567890,"x":1.0}',
      );
      const { text } = await system.send('GET', `/grids/${(json as { result: string }).result}`);
      expect(text).toContain('"n":12345678901234567890,"x":1.0');
    });

    it('are refused when they are invalid', async () => {
      const { system, alice, pilot, anonymous } = cluster();
      for (const key of ['host', 'queues', 'version']) {
        const body = Object.fromEntries(Object.entries(GRID).filter(([name]) => name !== key));
        expect(await system.post('/grids', body)).toEqual(refused(400, `missing key: ${key}`));
      }
      expect(await system.post('/grids', { ...GRID, host: 7 })).toEqual(
        refused(400, 'key "host" should be of type str'),
      );
      expect(await system.post('/grids', { ...GRID, queues: [] })).toEqual(
        refused(400, 'key "queues" should be of type dict'),
      );
      expect(await system.post('/grids', { ...GRID, debug: 1 })).toEqual(
        refused(400, 'key "debug" should be of type bool'),
      );
      expect(await system.get('/grids/nope')).toEqual(refused(404, 'Grid not found'));
      expect(await system.patch('/grids/nope', { a: 1 })).toEqual(refused(404, 'Grid not found'));
      expect(await system.patch('/grids/nope', {})).toEqual(refused(400, 'Missing update data'));
      for (const client of [alice, pilot]) {
        expect(await client.get('/grids')).toEqual(refused(403, 'authorization failed'));
        expect(await client.post('/grids', {})).toEqual(refused(403, 'authorization failed'));
        expect(await client.get('/grids/nope')).toEqual(refused(403, 'authorization failed'));
        expect(await client.patch('/grids/nope', {})).toEqual(refused(403, 'authorization failed'));
      }
      expect(await anonymous.get('/grids')).toEqual(refused(403, 'authentication failed'));
    });

    it('refuse large documents and unknown fields', async () => {
      const { system } = cluster();
      const { json } = await system.post('/grids', GRID);
      const path = `/grids/${(json as { result: string }).result}`;
      for (const fields of [{ big: 'x'.repeat(300_000) }, { 'host.name': 1 }, { grid_id: 'other' }, '[]', '{']) {
        const answer = await system.patch(path, fields);
        expect({ ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
      }
      const answer = await system.post('/grids', { ...GRID, big: 'x'.repeat(300_000) });
      expect({ ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
    });
  });
};
