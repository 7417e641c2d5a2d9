import { MODES } from '../../e2e/cairn-process.js';
import { ok, refused } from '../../e2e/http-client.js';
import { newDataset, useWorld } from '../../e2e/world.js';

/** What IceProd's users ask for and IceProd does not have (contract 24). */
describe.each(MODES)('beyond IceProd, $mode', (mode) => {
  const world = useWorld(mode);

  it('a dataset is found by its number, by whoever may read it', async () => {
    const { admin, alice, bob } = world();
    const ids = [await newDataset(alice), await newDataset(alice, { auth_groups_read: [] }), await newDataset(alice)];
    for (const id of ids) {
      const { json } = await admin.get(`/datasets/${id}`);
      const { dataset } = json as { dataset: number };
      expect(await admin.get(`/datasets?dataset=${dataset}`)).toEqual(ok({ [id]: json }));
      expect(await alice.get(`/datasets?dataset=${dataset}&keys=dataset`)).toEqual(
        ok({ [id]: { dataset_id: id, dataset } }),
      );
      expect(await alice.get(`/datasets?dataset=${dataset}&status=suspended`)).toEqual(ok({}));
      expect(await bob.get(`/datasets?dataset=${dataset}&keys=dataset`)).toEqual(
        ok(id === ids[1] ? {} : { [id]: { dataset_id: id, dataset } }),
      );
    }
    expect(await admin.get('/datasets?dataset=987654')).toEqual(ok({}));
    expect(await admin.get('/datasets?dataset=one')).toEqual(refused(400, 'dataset must be an integer'));
  });
});
