import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '#platform/testing/eventually.js';
import { newDataset, newTask } from '../compat/iceprod/fixtures.js';
import { MODES } from '../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../harness/test-cluster.js';

interface Received {
  readonly id: string;
  readonly type: string;
  readonly isSigned: boolean;
}

describe.each(MODES)('webhooks ($mode)', (mode) => {
  const cluster = useTestCluster(mode, () => ({ ...VARIABLES, WEBHOOK_NETWORKS: 'loopback' }));
  const received: Received[] = [];
  let key = Buffer.alloc(0);
  let status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const { 'webhook-id': name, 'webhook-timestamp': time, 'webhook-signature': signature } = request.headers;
      const mac = createHmac('sha256', key)
        .update(`${String(name)}.${String(time)}.${text}`)
        .digest('base64');
      const { id, type } = JSON.parse(text) as Received;
      received.push({ id, type, isSigned: signature === `v1,${mac}` });
      response.writeHead(status).end();
    });
  });
  let url = '';

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('tell the owner of a dataset what happens to it, also after everything was killed', async () => {
    const { alice, bob, system, cairn } = cluster();
    const datasetId = await newDataset(alice);
    const registered = await alice.post('/cairn/webhooks', { url, filter: { workload: [datasetId] } });
    expect(registered.status).toBe(201);
    const { webhook_id: id, secret } = registered.json as { webhook_id: string; secret: string };
    key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    expect((await alice.post(`/cairn/webhooks/${id}/ping`)).json).toEqual({ status: 200 });
    await newTask(system, datasetId);
    await eventually(() => received.map(({ type }) => type), ['cairn.webhook.Ping', 'cairn.iceprod.UnitAdded']);

    status = 503;
    const last = await newTask(system, datasetId, { status: 'waiting' });
    await eventually(() => received.length, 3);
    await cairn.restart({ signal: 'SIGKILL' });
    status = 200;
    await system.put(`/tasks/${last}/status`, { status: 'suspended' });
    await eventually(() => received.at(-1)?.type, 'cairn.iceprod.UnitsMoved');
    const kinds = received.filter((one, at) => at === 0 || one.id !== received[at - 1]?.id).map(({ type }) => type);
    expect(kinds).toEqual([
      ...['cairn.webhook.Ping', 'cairn.iceprod.UnitAdded', 'cairn.iceprod.UnitAdded', 'cairn.iceprod.UnitsMoved'],
    ]);
    expect(received.filter(({ isSigned }) => !isSigned)).toEqual([]);

    expect((await alice.get('/cairn/webhooks')).json).toMatchObject({
      webhooks: [{ webhook_id: id, status: 'active', dead_letters: 0 }],
    });
    expect((await bob.get('/cairn/webhooks')).json).toEqual({ webhooks: [] });
    expect((await bob.get(`/cairn/webhooks/${id}`)).status).toBe(404);
    expect((await alice.post(`/cairn/webhooks/${id}/pause`)).json).toMatchObject({ status: 'paused' });
    expect((await alice.send('DELETE', `/cairn/webhooks/${id}`)).status).toBe(200);
  });

  it('are refused with the name of the member that is wrong', async () => {
    const { alice } = cluster();
    const refused = async (body: object) => (await alice.post('/cairn/webhooks', body)).json;
    expect(await refused({})).toMatchObject({ status: 400, detail: 'missing key: url' });
    expect(await refused({ url: 'ftp://x' })).toMatchObject({
      status: 400,
      detail: expect.stringMatching(/^url must be/) as string,
    });
    expect(await refused({ url, filter: { wrong: ['x'] } })).toMatchObject({
      status: 400,
      detail: expect.stringMatching(/^filter must be an object of lists/) as string,
    });
    expect(await refused({ url: 'http://169.254.169.254/' })).toMatchObject({
      status: 400,
      detail: 'url: 169.254.169.254 has no public address, nor one that WEBHOOK_NETWORKS lists',
    });
  });
});
