import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TargetAddresses } from './target-addresses.js';
import { WebhookSender } from './webhook-sender.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const MESSAGE = { id: 'e1', text: '{"specversion":"1.0","data":{"é":1.0}}' };

describe('sending to webhooks', () => {
  const received: { readonly url: string; readonly headers: IncomingHttpHeaders; readonly text: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '', headers } = request;
      received.push({ url, headers, text: Buffer.concat(chunks).toString() });
      if (url === '/moved') response.writeHead(302, { location: '/elsewhere' }).end();
      else if (url === '/endless') response.writeHead(200).write('x'.repeat(1_000_000));
      else response.writeHead(url === '/refuses' ? 500 : 204).end();
    });
  });
  let port = 0;
  const senders: WebhookSender[] = [];
  const senderTo = (...networks: readonly string[]): WebhookSender => {
    const sender = new WebhookSender(new TargetAddresses(networks));
    senders.push(sender);
    return sender;
  };
  const send = (sender: WebhookSender, url: string) => sender.send({ url, secret: SECRET }, MESSAGE);

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  beforeEach(() => void received.splice(0));
  afterAll(() => {
    for (const sender of senders) sender.close();
    server.closeAllConnections();
    server.close();
  });

  it('posts the text as it is, with a signature that the key proves', async () => {
    expect(await send(senderTo('loopback'), `http://localhost:${port}/hook?token=t`)).toEqual({ status: 204 });
    const [{ url, headers, text }] = received as [(typeof received)[number]];
    expect({ url, text }).toEqual({ url: '/hook?token=t', text: MESSAGE.text });
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
    const mac = createHmac('sha256', Buffer.alloc(32, 7)).update(`${String(id)}.${String(timestamp)}.${text}`);
    expect(signature).toBe(`v1,${mac.digest('base64')}`);
    expect(id).toBe('e1');
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=UTF-8');
  });

  it('takes everything but a success for a failure, follows nothing, and reads little', async () => {
    const sender = senderTo('127.0.0.1');
    const at = (path: string) => send(sender, `http://127.0.0.1:${port}${path}`);
    expect(await at('/refuses')).toEqual({ status: 500, error: 'answered 500' });
    expect(await at('/moved')).toEqual({ status: 302, error: 'answered 302' });
    expect(received.map(({ url }) => url)).toEqual(['/refuses', '/moved']);
    expect(await at('/endless')).toEqual({ status: 200 });
    expect(await send(sender, 'http://127.0.0.1:1/')).toEqual({ error: 'ECONNREFUSED' });
  });

  it.each([
    ...[
      'localhost',
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0.0.0.0',
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
    ],
    ...['169.254.169.254', '10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1', '[fd00:ec2::254]', '[fe80::1]'],
    ...[
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '[::127.0.0.1]',
      '[::ffff:0:127.0.0.1]',
      'ip6-localhost.',
      '224.0.0.1',
      '255.255.255.255',
    ],
  ])('reaches nothing at %s', async (host) => {
    const { error, status } = await send(senderTo(), `http://${host}:${port}/`);
    expect(status).toBeUndefined();
    // A resolver may not know the name at all.
    expect(error).toMatch(/has no public address, nor one that WEBHOOK_NETWORKS lists|ENOTFOUND|EAI_AGAIN/);
    expect(received).toEqual([]);
  });

  it('checks the address to which it connects, whatever a name stood for before', () => {
    const addresses = new TargetAddresses(['192.168.7.0/24']);
    // Nothing is known of a name before it is used.
    expect(() => addresses.checkHost(new URL('https://localhost/'))).not.toThrow();
    for (const url of [
      'http://192.168.7.9/',
      'http://[::ffff:192.168.7.9]/',
      'https://8.8.8.8/',
      'http://[2606:4700::1]/',
    ]) {
      expect(() => addresses.checkHost(new URL(url))).not.toThrow();
    }
    const answers: unknown[] = [];
    addresses.lookup('127.0.0.1', { all: true }, (error, found) => answers.push(error, found));
    return new Promise<void>((resolve) =>
      setTimeout(() => {
        expect(answers).toEqual([expect.objectContaining({ name: 'AddressRefused' }), []]);
        resolve();
      }, 50),
    );
  });
});
