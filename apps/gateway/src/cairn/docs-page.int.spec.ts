import type { Browser, Page } from 'playwright-core';
import { startChromium } from '../../../../test/harness/chromium.js';
import { DIALECTS } from '../dialects.js';
import { openApiDocument } from '../route/openapi.js';
import { type RunningGateway, startGateway } from '../testing/start-gateway.js';
import { html } from '../route/html.js';

describe('the documentation in a browser', () => {
  let gateway: RunningGateway;
  let browser: Browser;
  let page: Page;
  const requested: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    [gateway, browser] = await Promise.all([startGateway([]), startChromium()]);
    page = await browser.newPage();
    page.on('request', (request) => requested.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${gateway.url}/docs`);
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  it('has all operations in its text, without scrolling, and loads nothing else', async () => {
    const text = await page.locator('body').innerText();
    const { paths, components } = openApiDocument(DIALECTS);
    const missing = Object.entries(paths).flatMap(([path, verbs]) =>
      Object.entries(verbs)
        .filter(([verb, { summary }]) => !text.includes(`${verb.toUpperCase()} ${path}`) || !text.includes(summary))
        .map(([verb]) => `${verb} ${path}`),
    );
    expect(missing).toEqual([]);
    for (const name of ['Task', 'Problem']) expect(components.schemas).toHaveProperty(name);
    expect(requested).toEqual([`${gateway.url}/docs`]);
    expect(complaints).toEqual([]);
  });

  it.each([
    '/datasets/{dataset_id}/task_counts/status',
    'How to get a token',
    'UnitsClaimed',
    'cairn token',
    '"depends"',
  ])('is searchable: %s', async (text) => {
    expect(await page.evaluate(`window.find(${JSON.stringify(text)}, false, false, true)`)).toBe(true);
  });

  it('has a place for every link within the page', async () => {
    const broken = await page.evaluate<readonly string[]>(
      `[...document.querySelectorAll('a[href^="#"]')]
        .map((link) => link.getAttribute('href').slice(1))
        .filter((id) => document.getElementById(id) === null)`,
    );
    expect(broken).toEqual([]);
  });

  it('shows an example, and what is recorded, with every operation', async () => {
    const article = page.locator('#queueTask');
    const text = await article.innerText();
    expect(text).toContain('curl -X POST "$CAIRN/task_actions/queue"');
    expect(text).toContain('Records UnitsClaimed.');
    expect(text).toContain('"task_id": "0193f5c2a7e04d1b8c6a5f20a0000001"');
    const without = await page.evaluate<readonly string[]>(
      `[...document.querySelectorAll('main article:not([id^="schema-"])')]
        .filter((operation) => operation.querySelectorAll('pre').length < 2)
        .map(({ id }) => id)`,
    );
    expect(without).toEqual([]);
  });

  it('escapes what it shows', () => {
    const list = [html`<i>x</i>`, undefined, '<script>&'];
    expect(html`<b title="${'"'}">${list}</b>`.text).toBe('<b title="&quot;"><i>x</i>&lt;script&gt;&amp;</b>');
  });
});
