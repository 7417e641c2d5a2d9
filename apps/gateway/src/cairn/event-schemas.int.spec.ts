import { Ajv } from 'ajv';
import { EVENT_VERSIONS } from '#contracts/event-types.js';
import { httpCall } from '../testing/http-call.js';
import { type RunningGateway, startGateway } from '../testing/start-gateway.js';

interface Listed {
  readonly dialect: string;
  readonly type: string;
  readonly version: number;
  readonly description: string;
  readonly path: string;
}

describe('schemas of events over HTTP', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway([]);
  });
  afterAll(() => gateway.close());

  const get = (path: string) => httpCall('GET', gateway.url + path);

  it('are there for every type of the catalogue, and are JSON Schemas', async () => {
    const { schemas } = JSON.parse((await get('/cairn/events/schemas')).body) as { schemas: readonly Listed[] };
    const expected = Object.entries(EVENT_VERSIONS).flatMap(([dialect, types]) =>
      Object.entries(types).map(([type, version]) => `/cairn/events/schemas/${dialect}/${type}/${version}`),
    );
    expect(schemas.map(({ path }) => path)).toEqual(expect.arrayContaining(expected));
    const ajv = new Ajv({ allowUnionTypes: true });
    for (const { path, type, description } of schemas) {
      const { status, headers, body } = await get(path);
      expect({ status, type: headers['content-type'] }).toEqual({
        status: 200,
        type: 'application/schema+json; charset=utf-8',
      });
      const schema = JSON.parse(body) as object;
      expect(schema).toMatchObject({ $id: path, title: type, description });
      expect(() => ajv.compile(schema)).not.toThrow();
    }
  });

  it.each(['/iceprod/UnitsClaimed/99', '/iceprod/UnitsClaimed/01', '/iceprod/..%2Fpanda%2FUnitsClaimed/1', '/x/y/z'])(
    'are refused where there are none: %s',
    async (path) => {
      const { status, body } = await get(`/cairn/events/schemas${path}`);
      expect(status).toBe(404);
      expect(JSON.parse(body)).toMatchObject({ type: 'urn:cairn:error:events.no-schema', status: 404 });
    },
  );
});
