import { jsonAnswer } from '../../../harness/http-client.js';
import { done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, unsubmitted } from '../fixtures.js';

const MINIMAL = '{"version":3.1,"description":"d","tasks":[{"name":"a","trays":[{"modules":[{}]}]}]}';

/** IceProd contract 5. */
export const configs = (cluster: GetTestCluster): void => {
  describe('configs', () => {
    it.each([
      [
        'number texts',
        '{"version":3.1,"description":"d","options":{"a":1.0,"b":12345678901234567890,"c":1e5,"d":-0.0},"tasks":[]}',
      ],
      [
        'names that objects have',
        '{"version":3.1,"description":"","tasks":[],"__proto__":{"x":1.0},"constructor":"é\\u00e9"}',
      ],
      ['the order of keys and blanks', '{ "tasks" : [ ],\n "2":1, "1":2, "description":"d", "version" : 3.10 }'],
      ['any old config of version 3', '{"version":3,"tasks":[{"anything":1.50}],"difplus":null}'],
    ])('are returned exactly as sent: %s', async (_, config) => {
      const { alice } = cluster();
      const id = await newDataset(alice);
      expect(await alice.put(`/config/${id}`, config)).toEqual(done);
      expect((await alice.send('GET', `/config/${id}`)).text).toBe(config);
      expect((await alice.send('GET', `/datasets/${id}/config`)).text).toBe(config);
      expect((await cluster().pilot.send('GET', `/config/${id}`)).text).toBe(config);
    });

    it('are replaced as a whole on both routes', async () => {
      const { alice } = cluster();
      const id = await newDataset(alice);
      await alice.put(`/config/${id}`, MINIMAL);
      const other = MINIMAL.replace('"d"', '"e"');
      expect(await alice.put(`/datasets/${id}/config`, other)).toEqual(done);
      expect((await alice.send('GET', `/config/${id}`)).text).toBe(other);
    });

    it('are returned whole when they are large', async () => {
      const { alice } = cluster();
      const id = await newDataset(alice);
      const config = MINIMAL.replace('"d"', JSON.stringify('x"\\'.repeat(200_000)));
      expect(await alice.put(`/config/${id}`, config)).toEqual(done);
      expect((await alice.send('GET', `/config/${id}`)).text).toBe(config);
    });

    it('do not show a dataset_id that was sent with them', async () => {
      const { system } = cluster();
      const id = unsubmitted();
      const config = JSON.parse(MINIMAL) as object;
      expect(await system.put(`/config/${id}`, { dataset_id: id, ...config })).toEqual(done);
      expect(await system.get(`/config/${id}`)).toEqual(ok(config));
      expect(await system.put(`/config/${id}`, { dataset_id: 'other', ...config })).toEqual(
        refused(400, 'dataset_id mismatch'),
      );
    });

    it('show null for NaN and Infinity written by Python', async () => {
      const { alice } = cluster();
      const id = await newDataset(alice);
      const config = (value: string) =>
        `{"version":3.2,"options":{"cut":${value},"word":"NaN"},"tasks":[{"name":"a","trays":[{"modules":[{}]}]}]}`;
      expect(await alice.put(`/config/${id}`, config('[NaN,-Infinity,1.0]'))).toEqual(done);
      expect((await alice.send('GET', `/config/${id}`)).text).toBe(config('[null,null,1.0]'));
    });

    it('are answered with 404 before they are put', async () => {
      const { alice, system } = cluster();
      const id = await newDataset(alice);
      expect(await alice.get(`/config/${id}`)).toEqual(refused(404, 'Config not found'));
      expect(await system.get('/config/nope')).toEqual(refused(404, 'Config not found'));
    });

    it.each([
      ['{"version":3.2}', "Validation error in config: 'tasks' is a required property"],
      [
        '{"version":3.2,"tasks":[{"name":"a","trays":[{"name":"t"}]}]}',
        "Validation error in config['tasks'][0]['trays'][0]: 'modules' is a required property",
      ],
      // Python's jsonschema reports the last of several errors at the same depth, with numbers as they were sent.
      [
        '{"version":3.2,"description":2,"tasks":1.0}',
        "Validation error in config['tasks']: 1.0 is not of type 'array'",
      ],
      [
        '{"version":3.2,"tasks":[{"name":"a","trays":[{"b":1,"a":"\\u200b","modules":[{}]}]}]}',
        "Validation error in config['tasks'][0]['trays'][0]: Additional properties are not allowed ('a', 'b' were unexpected)",
      ],
      [
        '{"version":3.2,"tasks":[{"name":"a","data":[{"type":"job_temp","local":"abc","remote":"x"}],"trays":[{"modules":[{}]}]}]}',
        "Validation error in config['tasks'][0]['data'][0]['remote']: 'x' is expected to be empty",
      ],
    ])('are validated: %s', async (config, reason) => {
      const { alice } = cluster();
      const id = await newDataset(alice);
      expect(await alice.put(`/config/${id}`, config)).toEqual(refused(400, reason));
      expect(await alice.get(`/config/${id}`)).toEqual(refused(404, 'Config not found'));
    });

    it.each([
      '{}',
      '{"version":4,"tasks":[]}',
      '{"version":"x","tasks":[]}',
      '{"version":3,"tasks":[]}',
      '{"version":3,"tasks":[1]}',
      '{"version":3.2,"tasks":[{"name":"a","trays":[]}]}',
      '{"version":3.2,"tasks":[{"name":"a","task_files":true,"trays":[{"modules":[{}]}]}]}',
      '{"version":3.2,"tasks":[{"name":"a","trays":[{"modules":[{"nope":1}]}]}]}',
      '{"version":3.2,"tasks":[{"name":"a","data":[{"type":"permanent","remote":"x"}],"trays":[{"modules":[{}]}]}]}',
    ])('are refused when they break the schema: %s', async (config) => {
      const { alice } = cluster();
      const id = await newDataset(alice);
      const answer = await alice.put(`/config/${id}`, config);
      expect(answer.status).toBe(400);
      expect(answer.reason).toMatch(/^Validation error in config|^unknown validation error/);
    });

    it('are refused when they are not a JSON object', async () => {
      const { alice } = cluster();
      const id = await newDataset(alice);
      for (const body of ['[]', 'x', '7', '']) {
        expect(jsonAnswer(await alice.send('PUT', `/config/${id}`, { body })).status).toBe(400);
      }
    });
  });
};
