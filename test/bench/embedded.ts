import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { claimsGranting } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { startCairn, type Child } from '../../apps/cairn/src/demo/child.js';

/** The bench measures what `npm run build` has compiled. */
const SCRIPT = resolve('dist/apps/cairn/src/main.js');
const TIMEOUT_MS = 60_000;
const TOKEN_SECONDS = 6 * 3600;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Embedded Cairn on a folder of its own, to be measured. */
export class Embedded {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'cairn-test-'));
  private child: (Child & { readonly url: string }) | undefined;
  private token = '';
  private agent = new Agent({ keepAlive: true });

  constructor(private readonly environment: Readonly<Record<string, string>> = {}) {}

  async start(): Promise<void> {
    if (this.token === '') this.token = await this.tokenFor('system', ['system', 'admin'], []);
    this.child = await startCairn({
      script: SCRIPT,
      dataDir: this.dataDir,
      // What is measured is all that happens.
      environment: { CAIRN_AUTOMATION: 'off', ...this.environment },
    });
  }

  /** A token that this Cairn accepts. */
  async tokenFor(username: string, roles: readonly string[], groups: readonly string[]): Promise<string> {
    const key = await SigningKey.open(this.dataDir);
    return key.sign(claimsGranting({ username, roles, groups }), TOKEN_SECONDS);
  }

  get url(): string {
    return this.child?.url ?? '';
  }

  /** Of the running process. */
  get pid(): number {
    return this.child?.process.pid ?? 0;
  }

  /** Stops it by SIGTERM, as an administrator does. */
  async stop(): Promise<void> {
    await this.child?.stop();
    await this.gone();
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** One request, never repeated; rejects when the answer did not arrive whole. */
  send(method: string, path: string, body?: object): Promise<Answer> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${this.token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    };
    return new Promise((settle, refuse) => {
      const call = request(
        new URL(path, this.url),
        { method, headers, agent: this.agent, timeout: TIMEOUT_MS },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', refuse);
          response.on('end', () => {
            if (response.complete) settle({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() });
            else refuse(new Error('the answer was cut off'));
          });
        },
      );
      call.on('timeout', () => call.destroy(new Error('no answer')));
      call.on('error', refuse);
      call.end(text);
    });
  }

  /** Parsed answer; throws for any status but 200 and 201. */
  async ask(method: string, path: string, body?: object): Promise<unknown> {
    const { status, text } = await this.send(method, path, body);
    if (status !== 200 && status !== 201) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text);
  }

  private async gone(): Promise<void> {
    await this.child?.ended;
    this.child = undefined;
    this.agent.destroy();
    this.agent = new Agent({ keepAlive: true });
  }
}
