import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startChromium } from '../harness/chromium.js';
import { startTlsProxy, type TlsProxy } from '../harness/tls-proxy.js';
import { runCommand } from '../harness/cairn-command.js';
import { MODES } from '../harness/cairn-process.js';
import { useTestCluster } from '../harness/test-cluster.js';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const PASSWORD = 'noot noot';

const press = (page: Page, button: string): Promise<void> => page.getByRole('button', { name: button }).click();

/** Cairn knows its public address from `PUBLIC_URL` only. */
describe.each(MODES)('logins behind a proxy that terminates TLS ($mode)', (mode) => {
  let proxy: TlsProxy | undefined;
  let browser: Browser | undefined;
  let publicUrl = '';
  const cluster = useTestCluster(mode, async () => {
    proxy = await startTlsProxy();
    publicUrl = `${proxy.origin}/cairn`;
    return { PUBLIC_URL: publicUrl, TRUSTED_PROXIES: 'loopback' };
  });

  beforeAll(async () => {
    const { cairn } = cluster();
    browser = await startChromium();
    proxy?.pointTo(cairn.url, '/cairn');
    await runCommand(cairn, ['user', 'add', 'pingu'], `${PASSWORD}\n`);
  });

  afterAll(async () => {
    await browser?.close();
    await proxy?.stop();
  });

  /** A browser context whose requests carry forged forwarding headers. */
  const newContext = async (): Promise<BrowserContext> => {
    if (browser === undefined) throw new Error('no browser');
    return browser.newContext({
      ignoreHTTPSErrors: true,
      extraHTTPHeaders: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
    });
  };

  it('use public addresses and secure cookies only', async () => {
    const context = await newContext();
    const base = `${publicUrl}/auth/realms/IceCube`;
    const document = (await (await context.request.get(`${base}/.well-known/openid-configuration`)).json()) as Readonly<
      Record<string, unknown>
    >;
    expect(document['issuer']).toBe(base);
    for (const [name, value] of Object.entries(document)) {
      if (name.endsWith('_endpoint') || name.endsWith('_uri')) expect(String(value).startsWith(`${base}/`)).toBe(true);
    }
    const form = { client_id: 'iceprod-public', scope: 'offline_access ' };
    const started = await context.request.post(String(document['device_authorization_endpoint']), { form });
    const device = (await started.json()) as Readonly<Record<string, string>>;
    expect(device['verification_uri']).toBe(`${base}/device`);

    const page = await context.newPage();
    const seen: string[] = [];
    page.on('request', (request) => seen.push(request.url()));
    await page.goto(device['verification_uri_complete'] ?? '');
    await press(page, 'Continue');
    await press(page, 'Yes, log in');
    await page.getByLabel('User name').fill('pingu');
    await page.getByLabel('Password').fill(PASSWORD);
    await press(page, 'Log in');
    await page.getByRole('heading', { name: 'You are logged in' }).waitFor();
    expect(seen.filter((url) => !url.startsWith(`${base}/`))).toEqual([]);
    const cookies = await context.cookies();
    expect(cookies.map(({ name }) => name)).toContain('_session');
    for (const { secure, httpOnly, sameSite, path } of cookies) {
      expect({ secure, httpOnly, sameSite }).toEqual({ secure: true, httpOnly: true, sameSite: 'Lax' });
      expect(path.startsWith('/cairn/auth/realms/IceCube')).toBe(true);
    }
    const poll = await context.request.post(String(document['token_endpoint']), {
      form: { grant_type: DEVICE_GRANT, client_id: 'iceprod-public', device_code: device['device_code'] ?? '' },
    });
    const { access_token: token = '' } = (await poll.json()) as { access_token?: string };
    const headers = { authorization: `Bearer ${token}` };
    expect((await context.request.get(`${publicUrl}/datasets?keys=dataset_id`, { headers })).status()).toBe(200);
    expect((await context.request.get(String(document['userinfo_endpoint']), { headers })).status()).toBe(200);
    await context.close();
  });

  it('rate-limit code guessing by the address that the trusted proxy forwards', async () => {
    const url = `${cluster().cairn.url}/auth/realms/IceCube/device`;
    const context = await newContext();
    const send = async (address: string): Promise<{ status: number; text: string }> => {
      const page = await context.request.get(url, { headers: { 'x-forwarded-for': address } });
      const xsrf = /name="xsrf" value="([^"]*)"/.exec(await page.text())?.[1] ?? '';
      const cookie = page.headersArray().filter(({ name }) => name.toLowerCase() === 'set-cookie');
      const answer = await context.request.post(url, {
        headers: {
          'x-forwarded-for': address,
          cookie: cookie.map(({ value }) => value.split(';')[0]).join('; '),
        },
        form: { xsrf, user_code: 'BBBB-BBBB' },
      });
      return { status: answer.status(), text: await answer.text() };
    };
    for (let guess = 0; guess < 20; guess += 1) expect((await send('192.0.2.1')).status).toBe(400);
    expect(await send('192.0.2.1')).toMatchObject({
      status: 429,
      text: expect.stringContaining('Please wait') as string,
    });
    expect((await send('192.0.2.2')).status).toBe(400);
    await context.close();
  });
});
