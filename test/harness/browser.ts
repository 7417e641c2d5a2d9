import { type Answer, HttpClient } from './http-client.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};
const decoded = (text: string): string => text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? '');

const REDIRECTS_MAX = 10;

/** The parts of a browser that the login needs: cookies, redirects, forms. */
export class Browser {
  private readonly cookies = new Map<string, { readonly value: string; readonly path: string }>();
  private readonly client: HttpClient;
  private path = '';
  page: Answer | undefined;
  private elsewhere: URL | undefined;

  constructor(private readonly server: { readonly url: string }) {
    this.client = new HttpClient(server, undefined);
  }

  /** Target of the last redirect that led to another site. */
  left(): URL | undefined {
    return this.elsewhere;
  }

  close(): void {
    this.client.close();
  }

  async open(url: string): Promise<Answer> {
    return this.go('GET', url);
  }

  /** Sends the form of the page with these fields besides its hidden and filled ones. */
  async submit(fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const html = this.page?.text ?? '';
    const action = /<form[^>]*action="([^"]*)"/.exec(html)?.[1];
    if (action === undefined) throw new Error(`no form in ${html}`);
    const form = new URLSearchParams();
    for (const [input] of html.matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1];
      const value = /value="([^"]*)"/.exec(input)?.[1];
      if (name !== undefined && value !== undefined) form.set(name, decoded(value));
    }
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return this.go('POST', decoded(action), form.toString());
  }

  private async go(method: 'GET' | 'POST', to: string, body?: string): Promise<Answer> {
    this.elsewhere = undefined;
    let url = new URL(to, `${this.server.url}${this.path}`);
    let answer = await this.send(method, url, body);
    for (let round = 0; answer.headers.location !== undefined && round < REDIRECTS_MAX; round += 1) {
      url = new URL(answer.headers.location, url);
      if (url.origin !== this.server.url) {
        this.elsewhere = url;
        break;
      }
      answer = await this.send('GET', url);
    }
    this.path = url.pathname;
    return (this.page = answer);
  }

  private async send(method: string, url: URL, body?: string): Promise<Answer> {
    const cookie = [...this.cookies]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
    const headers = { cookie, 'content-type': body === undefined ? '' : 'application/x-www-form-urlencoded' };
    const answer = await this.client.send(method, `${url.pathname}${url.search}`, { body, headers });
    for (const set of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      const path = /; *path=([^;]*)/i.exec(set)?.[1] ?? '/';
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(set)) this.cookies.delete(name);
      else this.cookies.set(name, { value, path });
    }
    return answer;
  }
}
