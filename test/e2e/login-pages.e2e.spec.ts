import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { startChromium } from '../harness/chromium.js';
import { startWebSite, type WebSite } from '../harness/web-site.js';
import { runCommand } from '../harness/cairn-command.js';
import { type Cairn, MODES } from '../harness/cairn-process.js';
import { beginDevice, type FormReply, pollDevice, REALM, sendForm, wordIn } from '../harness/device-login.js';
import { useTestCluster } from '../harness/test-cluster.js';

const PASSWORD = 'noot noot';
/** Shorter than the timeout of a test, because Playwright's error names what is missing. */
const PAGE_TIMEOUT_MS = 25_000;

/** Messages of the browser about refused requests and about an autofocus that came too late. */
const IGNORED_MESSAGES = /^(Failed to load resource|Autofocus processing was blocked)/;

type Json = Readonly<Record<string, unknown>>;

const heading = (page: Page): Promise<string> => page.getByRole('heading', { level: 1 }).innerText();
const press = (page: Page, button: string): Promise<void> => page.getByRole('button', { name: button }).click();

const logIn = async (page: Page, password = PASSWORD, username = 'pingu'): Promise<void> => {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await press(page, 'Log in');
};

/** Waits until the field has the focus. */
const focused = (page: Page, label: string): Promise<void> =>
  page.getByLabel(label).and(page.locator(':focus')).waitFor();

/** The login pages in a real browser. */
describe.each(MODES)('login pages ($mode)', (mode) => {
  const cluster = useTestCluster(mode);
  const cairn = (): Cairn => cluster().cairn;
  let browser: Browser | undefined;
  let site: WebSite | undefined;
  const contexts: BrowserContext[] = [];
  let pageErrors: string[] = [];

  beforeAll(async () => {
    [browser, site] = await Promise.all([startChromium(), startWebSite()]);
    await runCommand(cairn(), ['user', 'add', 'pingu', '--group', 'simprod', '--group', 'users'], `${PASSWORD}\n`);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    // Pages violate no content security policy and request nothing that does not exist.
    expect(pageErrors).toEqual([]);
  });

  const website = (): WebSite => {
    if (site === undefined) throw new Error('the web site is not running');
    return site;
  };
  const realm = (): string => `${cairn().url}${REALM}`;
  const startDevice = (): Promise<FormReply> => beginDevice(cairn());
  const poll = (device: FormReply): Promise<FormReply> => pollDevice(cairn(), wordIn(device, 'device_code'));

  /** A page in a new browser context. */
  const open = async (url: string, options: BrowserContextOptions = {}): Promise<Page> => {
    if (browser === undefined) throw new Error('no browser');
    const context = await browser.newContext(options);
    contexts.push(context);
    context.setDefaultTimeout(PAGE_TIMEOUT_MS);
    const page = await context.newPage();
    pageErrors = [];
    page.on('console', (message) => {
      if (!IGNORED_MESSAGES.test(message.text())) pageErrors.push(message.text());
    });
    page.on('pageerror', (error) => pageErrors.push(error.message));
    await page.goto(url);
    return page;
  };

  it('connect a program through a link that contains its code', async () => {
    const device = await startDevice();
    const page = await open(wordIn(device, 'verification_uri_complete'));
    expect(await page.title()).toBe('Connect a program · Cairn');
    expect(await page.getByLabel('Code shown by your program').inputValue()).toBe(wordIn(device, 'user_code'));
    const [cookie] = await page.context().cookies();
    expect((cookie?.expires ?? 0) * 1000 - Date.now()).toBeLessThan(601_000);
    await press(page, 'Continue');
    expect(await heading(page)).toBe('Is this your program?');
    expect(await page.getByText(wordIn(device, 'user_code')).count()).toBe(1);
    expect((await poll(device)).json).toMatchObject({ error: 'authorization_pending' });
    await press(page, 'Yes, log in');
    expect(await page.getByText('to go on with iceprod-public').count()).toBe(1);
    await logIn(page, 'noot');
    expect(await page.getByRole('alert').innerText()).toBe('User name or password is wrong.');
    expect((await poll(device)).json).toMatchObject({ error: 'authorization_pending' });
    expect(await page.getByLabel('User name').inputValue()).toBe('pingu');
    await page.getByLabel('Password').fill(PASSWORD);
    await press(page, 'Log in');
    expect(await heading(page)).toBe('You are logged in');
    expect(await page.getByText('iceprod-public acts for pingu now.').count()).toBe(1);
    const polled = await poll(device);
    expect(polled.status).toBe(200);
    const answer = await fetch(`${cairn().url}/datasets?keys=dataset_id`, {
      headers: { authorization: `Bearer ${wordIn(polled, 'access_token')}` },
    });
    expect(answer.status).toBe(200);

    const { expires = 0 } = (await page.context().cookies()).find(({ name }) => name === '_session') ?? {};
    expect(expires * 1000 - Date.now()).toBeGreaterThan(23 * 3_600_000);

    // The browser is logged in now: connecting the next program takes one click, and the page names the user.
    const next = await startDevice();
    await page.goto(wordIn(next, 'verification_uri_complete'));
    await press(page, 'Continue');
    expect(await page.locator('b').innerText()).toBe('pingu');
    await press(page, 'Yes, go on');
    expect(await heading(page)).toBe('You are logged in');
    expect((await poll(next)).status).toBe(200);
  });

  it('work with the keyboard and label everything for screen readers', async () => {
    const device = await startDevice();
    const page = await open(wordIn(device, 'verification_uri'));
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.getByRole('main').count()).toBe(1);
    expect(await page.getByRole('textbox').count()).toBe(1);
    await focused(page, 'Code shown by your program');
    await page.keyboard.type(wordIn(device, 'user_code'));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Yes, log in' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await focused(page, 'User name');
    await page.keyboard.type('pingu');
    await page.keyboard.press('Tab');
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    // The form keeps the user name and focuses the password.
    await focused(page, 'Password');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'You are logged in' }).waitFor();
    expect((await poll(device)).status).toBe(200);
  });

  it('work without scripts and accept a code as people type it', async () => {
    const device = await startDevice();
    const page = await open(wordIn(device, 'verification_uri'), { javaScriptEnabled: false });
    await page.getByLabel('Code').fill(` ${wordIn(device, 'user_code').toLowerCase().replace('-', ' ')} `);
    await press(page, 'Continue');
    await press(page, 'Yes, log in');
    await logIn(page);
    expect(await heading(page)).toBe('You are logged in');
    expect((await poll(device)).status).toBe(200);
    await page.goto(`${realm()}/protocol/openid-connect/logout`);
    await press(page, 'Log out');
    expect(await heading(page)).toBe('You are logged out');
    // After the logout, the page needs a click but no confirmation.
    await page.goto(`${realm()}/protocol/openid-connect/logout`);
    await press(page, 'Continue');
    expect(await heading(page)).toBe('You are logged out');
  });

  it('explain what is wrong with a code', async () => {
    const refused = await startDevice();
    const page = await open(wordIn(refused, 'verification_uri'));
    const type = async (device: FormReply): Promise<void> => {
      await page.goto(wordIn(device, 'verification_uri_complete'));
      await press(page, 'Continue');
    };
    await page.getByLabel('Code').fill('AAAA-AAAA');
    await press(page, 'Continue');
    expect(await page.getByRole('alert').innerText()).toBe('This code is not known, or no longer.');
    expect(await page.getByLabel('Code').inputValue()).toBe('AAAA-AAAA');

    await type(refused);
    await press(page, 'No, refuse');
    expect(await heading(page)).toBe('Refused');
    expect((await poll(refused)).json).toMatchObject({ error: 'access_denied' });
    await type(refused);
    expect(await page.getByRole('alert').innerText()).toMatch(/^This code was used already\./);

    const used = await startDevice();
    await type(used);
    await press(page, 'Yes, log in');
    await logIn(page);
    await type(used);
    expect(await page.getByRole('alert').innerText()).toMatch(/^This code was used already\./);
    expect((await poll(used)).status).toBe(200);

    const late = await startDevice();
    const store = new SqliteKeyValueStore(join(cairn().dataDir, 'key-value-store', 'auth.sqlite'));
    for (const { key, value } of await store.list('openid/IceCube/DeviceCode/')) {
      const payload = JSON.parse(value) as Json;
      if (payload['userCode'] !== wordIn(late, 'user_code').replace('-', '')) continue;
      await store.put(key, JSON.stringify({ ...payload, exp: Math.floor(Date.now() / 1000) - 1 }));
    }
    await store.close();
    await type(late);
    expect(await page.getByRole('alert').innerText()).toMatch(/^This code has ended\./);
    expect((await poll(late)).json).toMatchObject({ error: 'expired_token' });
  });

  it('refuse forms sent from another site', async () => {
    const device = await startDevice();
    const page = await open(wordIn(device, 'verification_uri_complete'));
    await press(page, 'Continue');
    await press(page, 'Yes, log in');
    await logIn(page);
    // A user with a session opens a page that tries to connect an attacker's program.
    const theirs = await startDevice();
    const fields = { user_code: wordIn(theirs, 'user_code'), confirm: 'yes', xsrf: 'guessed' };
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
    website().show(`<form method="post" action="${realm()}/device">${inputs.join('')}<button>Win</button></form>`);
    await page.goto(website().url);
    await press(page, 'Win');
    expect(await heading(page)).toBe('Too late');
    expect((await poll(theirs)).json).toMatchObject({ error: 'authorization_pending' });
    // Nor can it be framed.
    website().show(`<iframe src="${realm()}/device"></iframe>`);
    await page.goto(website().url);
    const frame = page.frames().at(1);
    expect(await frame?.locator('form').count()).toBe(0);
    website().show('<title>A web site</title>');
    await page.goto(website().url);
    expect(pageErrors.splice(0).join()).toContain('frame-ancestors');
    // A login can be continued only in the browser that began it.
    await page.goto(wordIn(theirs, 'verification_uri_complete'));
    const otherPage = await open(`${realm()}/interaction/anything`);
    expect(await heading(otherPage)).toBe('Too late');
    const cookies = await page.context().cookies();
    expect(cookies.length).toBeGreaterThan(0);
    for (const { httpOnly, sameSite, path } of cookies) {
      expect({ httpOnly, sameSite }).toEqual({ httpOnly: true, sameSite: 'Lax' });
      expect(path.startsWith('/auth/realms/IceCube')).toBe(true);
    }
  });

  it('explain that a login has expired', async () => {
    const auth = '/protocol/openid-connect/auth';
    for (const cookie of ['', '_session=a; _session.sig=b', '_interaction_resume=a; _interaction_resume.sig=b']) {
      for (const [method, path] of [
        ['GET', '/device/gone'],
        ['GET', `${auth}/gone`],
        ['GET', `${auth}/gone?client_id=iceprod-public`],
        ['POST', '/device'],
        ['GET', '/interaction/gone'],
        ['POST', '/interaction/gone'],
      ] as const) {
        const body = method === 'POST' ? { body: new URLSearchParams({ user_code: 'AAAA-AAAA' }) } : {};
        const answer = await fetch(`${realm()}${path}`, { method, headers: { cookie }, ...body });
        expect({ path, status: answer.status }).toEqual({ path, status: 400 });
        expect(await answer.text()).toContain('<h1>');
      }
    }
    expect(cairn().output()).not.toContain('OpenID provider failed');
  });

  it('log a user in to a web site by code and PKCE, and out again', async () => {
    const back = `${website().url}/back`;
    await runCommand(cairn(), ['client', 'add', 'web', '--public', '--redirect-uri', back]);
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const asked = new URLSearchParams({
      client_id: 'web',
      response_type: 'code',
      redirect_uri: back,
      scope: 'openid profile groups ',
      state: 'mine',
      nonce: 'once',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const login = `${realm()}/protocol/openid-connect/auth?${asked.toString()}`;
    const page = await open(login);
    await logIn(page);
    await page.waitForURL(`${back}?*`);
    const redirected = website().received.at(-1);
    expect(redirected?.get('state')).toBe('mine');
    expect(redirected?.get('iss')).toBe(realm());
    const fields = {
      grant_type: 'authorization_code',
      client_id: 'web',
      code: redirected?.get('code') ?? '',
      redirect_uri: back,
      code_verifier: verifier,
    };
    // A page of another origin may request tokens and use them by script (CORS).
    const { answer, info, listed } = await page.evaluate(
      async ([base, api, form]) => {
        const asked = await fetch(`${base}/protocol/openid-connect/token`, {
          method: 'POST',
          body: new URLSearchParams(form),
        });
        const json = (await asked.json()) as { [name: string]: unknown };
        const headers = { authorization: `Bearer ${String(json['access_token'])}` };
        const about = await fetch(`${base}/protocol/openid-connect/userinfo`, { headers });
        const list = await fetch(`${api}/datasets?keys=dataset_id`, { headers });
        return {
          answer: { status: asked.status, json },
          info: (await about.json()) as { [name: string]: unknown },
          listed: list.status,
        };
      },
      [realm(), cairn().url, fields] as const,
    );
    expect(answer).toMatchObject({
      status: 200,
      json: { token_type: 'Bearer', expires_in: 3600, refresh_expires_in: 2_592_000 },
    });
    expect(info).toMatchObject({ sub: 'pingu', preferred_username: 'pingu' });
    expect(listed).toBe(200);

    const out = new URLSearchParams({
      id_token_hint: wordIn(answer, 'id_token'),
      post_logout_redirect_uri: back,
      state: 'gone',
    });
    const logout = `${realm()}/protocol/openid-connect/logout?${out.toString()}`;
    await page.goto(`${realm()}/protocol/openid-connect/logout`);
    await press(page, 'Stay');
    expect(await heading(page)).toBe('You are still logged in');
    await page.goto(logout);
    expect(await heading(page)).toBe('Log out');
    await press(page, 'Log out');
    await page.waitForURL(`${back}?state=gone`);
    await page.goto(login);
    expect(await heading(page)).toBe('Log in');
    // A user who is not logged in is redirected back at once.
    await page.goto(logout);
    await page.waitForURL(`${back}?state=gone`);
  });

  it('log a user in to a web site with a client secret, with the code in a form post', async () => {
    const back = `${website().url}/form`;
    const secret = await runCommand(cairn(), ['client', 'add', 'portal', '--redirect-uri', back]);
    const asked = new URLSearchParams({
      client_id: 'portal',
      response_type: 'code',
      redirect_uri: back,
      scope: 'offline_access posix profile',
      response_mode: 'form_post',
    });
    const page = await open(`${realm()}/protocol/openid-connect/auth?${asked.toString()}`);
    await logIn(page);
    await page.waitForURL(back);
    const code = website().received.at(-1)?.get('code') ?? '';
    const fields = { grant_type: 'authorization_code', code, redirect_uri: back };
    const basic = (word: string) => ({
      authorization: `Basic ${Buffer.from(`portal:${word}`).toString('base64')}`,
    });
    expect(await sendForm(cairn(), 'token', fields, basic('wrong'))).toMatchObject({
      status: 401,
      json: { error: 'invalid_client' },
    });
    const answer = await sendForm(cairn(), 'token', fields, basic(secret));
    expect(answer.status).toBe(200);
    const refresh = { grant_type: 'refresh_token', refresh_token: wordIn(answer, 'refresh_token') };
    expect((await sendForm(cairn(), 'token', refresh, basic(secret))).status).toBe(200);
    const info = await fetch(`${realm()}/protocol/openid-connect/userinfo`, {
      headers: { authorization: `Bearer ${wordIn(answer, 'access_token')}` },
    });
    expect(await info.json()).toMatchObject({ sub: 'pingu' });
  });

  it('rate-limit code guessing, whatever address a header claims', async () => {
    // Runs last because this address is rate-limited afterwards.
    const url = `${realm()}/device`;
    const statuses = new Set<number>();
    for (let guess = 0; guess <= 20; guess += 1) {
      const page = await fetch(url);
      const xsrf = /name="xsrf" value="([^"]*)"/.exec(await page.text())?.[1] ?? '';
      const cookie = page.headers.getSetCookie().map((each) => each.split(';')[0]);
      const answer = await fetch(url, {
        method: 'POST',
        headers: { cookie: cookie.join('; '), 'x-forwarded-for': `192.0.2.${guess}` },
        body: new URLSearchParams({ xsrf, user_code: 'BBBB-BBBB' }),
      });
      statuses.add(answer.status);
    }
    expect([...statuses]).toEqual([400, 429]);
  });
});
