import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readServerFile, type WorkerLaunch, workerScript, writeServerFile } from './worker-script.js';

const SERVER = 'http://cairn.example.org/t/secret/_db/torc/torc-service';

describe('what workers of allocations are started with', () => {
  const parent = mkdtempSync(join(tmpdir(), 'cairn-slurm-script-'));
  const folder = join(parent, 'made here');

  afterAll(() => rmSync(parent, { recursive: true }));

  const launch = (serverFile: string): WorkerLaunch & { readonly allocation: string } => ({
    ...{ cairn: ['printf', '%s\\n'], serverFile, workflow: '97', configId: 'slurm_schedulers__97/120' },
    ...{ allocation: "1'2;id", maxParallelJobs: 4, onePerNode: true },
  });

  it('is a file that nobody else can read, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      const content = { server: SERVER, token: { tokenFile: '/home/ada/token' } };
      const file = await writeServerFile(folder, content);
      expect(await writeServerFile(folder, content)).toBe(file);
      expect(await readServerFile(file)).toEqual(content);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      expect(await writeServerFile(folder, { ...content, token: {} })).not.toBe(file);
    } finally {
      process.umask(before);
    }
  });

  it('is a script without secrets, which passes each word on as it is', async () => {
    const serverFile = await writeServerFile(folder, { server: SERVER, token: {} });
    const script = workerScript(launch(serverFile));
    expect(script).not.toContain('secret');
    expect(readFileSync(serverFile, 'utf8')).toContain('secret');
    expect(execFileSync('sh', [], { input: script, encoding: 'utf8' }).split('\n').slice(0, -1)).toEqual([
      ...['slurm', 'worker', '--server-file', serverFile, '--workflow', '97'],
      ...['--scheduler', 'slurm_schedulers__97/120', '--max-parallel-jobs', '4', '--one-per-node'],
      ...['--allocation', "1'2;id"],
    ]);
  });
});
