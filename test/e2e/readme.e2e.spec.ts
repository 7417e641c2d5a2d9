import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startEmbedded, type Cairn } from '../harness/cairn-process.js';

const ADDRESS = 'http://127.0.0.1:8080';

/** The commands of the tour in the README. */
const tour = (): string => {
  const text = readFileSync('README.md', 'utf8');
  const chapter = /## A tour of five minutes\n([\s\S]*?)\n## /.exec(text)?.[1] ?? '';
  return [...chapter.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? '').join('');
};

const pasted = (script: string, dataDir: string): Promise<{ readonly code: number | null; readonly text: string }> =>
  new Promise((settle, refuse) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      env: { ...process.env, CAIRN_DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (text += part.toString()));
    child.once('error', refuse);
    child.once('close', (code) => {
      settle({ code, text });
    });
  });

/** Every configuration variable with its default as text. */
const defaults = async (): Promise<Readonly<Record<string, string>>> => {
  const { Environment } = await import('#platform/environment.js');
  return Object.fromEntries(Object.entries(new Environment()).map(([name, value]) => [name, String(value ?? '')]));
};

describe('the README', () => {
  let cairn: Cairn;

  beforeAll(async () => {
    cairn = await startEmbedded({ CAIRN_AUTOMATION: 'on' });
  });

  afterAll(() => cairn.remove());

  it('has a tour whose pasted commands work', async () => {
    const script = tour();
    expect(script).toContain(ADDRESS);
    const { code, text } = await pasted(script.replaceAll(ADDRESS, cairn.url), cairn.dataDir);
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining('"events":[') as string });
    expect(text).toContain('{"hello":{"complete":3}}');
    expect(text).toContain('"event":"UnitSucceeded"');
    // As it was when the first task was claimed, and as a follower sees it.
    expect(text).toContain('"answer":{"status":200,"body":{"waiting":2,"queued":1}}');
    expect(text).toContain('event: UnitSucceeded');
    expect(text).toContain(' streams: whole');
  });

  it('names every configuration variable with its default', async () => {
    const rows = [...readFileSync('README.md', 'utf8').matchAll(/^\| `([A-Z_]+)` *\| (?:`(.*?)`)? *\|/gm)];
    const documented = Object.fromEntries(rows.map(([, name = '', value = '']) => [name, value]));
    expect(documented).toEqual(await defaults());
  });
});
