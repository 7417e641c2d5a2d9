import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type NatsServer, startNatsServer } from '../../libs/bus/src/testing/nats-server.js';
import { claimsGranting } from '../../libs/platform/src/tokens/claims.js';
import { SigningKey } from '../../libs/platform/src/tokens/signing-key.js';

/** Processes run what `npm run build` has compiled, as users do. */
const DIST = resolve('dist/apps');

const SERVICES = ['datasets', 'tasks', 'pilots', 'events', 'auth'] as const;

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;

/** Output kept of a process, for the message when something fails. */
const OUTPUT_CHARACTERS_MAX = 20_000;

export type Variables = Readonly<Record<string, string>>;

export interface TokenFor {
  readonly username: string;
  readonly roles?: readonly string[];
  readonly groups?: readonly string[];
  readonly lifetimeSeconds?: number;
}

/** A Cairn that runs as its users run it. */
export interface Cairn {
  readonly url: string;
  readonly dataDir: string;
  /** A token signed with the key in the data folder. */
  token(asked: TokenFor): Promise<string>;
  /** Ends the processes and starts them again on the same data; the URL may change. */
  restart(options?: { readonly signal?: NodeJS.Signals; readonly meanwhile?: () => Promise<void> }): Promise<void>;
  /** What the processes have written so far. */
  output(): string;
  /** Ends the processes and deletes the data. */
  remove(): Promise<void>;
}

/** One process of Cairn. */
class CairnProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private ended = false;
  private text = '';
  /** What stands behind `url` in the line that tells that the process is ready. */
  readonly ready: Promise<string>;

  constructor(
    readonly name: string,
    script: string,
    variables: Variables,
  ) {
    this.child = spawn(process.execPath, ['--enable-source-maps', script], {
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = new Promise((settle) => {
      this.child.once('exit', () => {
        this.ended = true;
        settle();
      });
    });
    this.ready = new Promise((settle, refuse) => {
      const fail = (why: string): void => refuse(new Error(`${name} ${why}:\n${this.text}`));
      const timer = setTimeout(() => fail('did not get ready'), START_TIMEOUT_MS);
      void this.exited.then(() => {
        clearTimeout(timer);
        fail('ended before it was ready');
      });
      const read = (chunk: Buffer): void => {
        this.text = `${this.text}${chunk.toString()}`.slice(-OUTPUT_CHARACTERS_MAX);
      };
      this.child.stderr?.on('data', read);
      this.child.stdout?.on('data', (chunk: Buffer) => {
        read(chunk);
        const url = /^Cairn.*?(https?:\/\/[^\s/]+)/m.exec(this.text)?.[1];
        if (url === undefined) return;
        clearTimeout(timer);
        settle(url);
      });
    });
    // Whoever waits for it gets the failure; nobody may wait any more when the process is ended on purpose.
    this.ready.catch(() => undefined);
  }

  get output(): string {
    return `--- ${this.name}\n${this.text}`;
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    if (this.ended) return;
    const killer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.child.kill(signal);
    await this.exited;
    clearTimeout(killer);
  }
}

type StartProcesses = (variables: Variables) => {
  readonly processes: readonly CairnProcess[];
  readonly url: Promise<string>;
};

const run = async (name: string, start: StartProcesses, variables: Variables, cleanUp: () => Promise<void>) => {
  const dataDir = await mkdtemp(join(tmpdir(), `cairn-${name}-`));
  let processes: readonly CairnProcess[] = [];
  let url = '';
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    await Promise.all(processes.map((each) => each.stop(signal)));
  };
  const begin = async (): Promise<void> => {
    const started = start({ LOG_LEVEL: 'warn', PORT: '0', HOST: '127.0.0.1', CAIRN_DATA_DIR: dataDir, ...variables });
    processes = started.processes;
    await Promise.all(processes.map(({ ready }) => ready));
    url = await started.url;
  };
  const remove = async (): Promise<void> => {
    await stop('SIGTERM');
    await cleanUp();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await begin();
  } catch (error) {
    await remove();
    throw error;
  }
  const cairn: Cairn = {
    get url() {
      return url;
    },
    dataDir,
    token: async ({ username, roles = [], groups = [], lifetimeSeconds = 3600 }) => {
      const key = await SigningKey.open(dataDir);
      return key.sign(claimsGranting({ username, roles, groups }), lifetimeSeconds);
    },
    restart: async ({ signal = 'SIGTERM', meanwhile } = {}) => {
      await stop(signal);
      await meanwhile?.();
      await begin();
    },
    output: () => processes.map(({ output }) => output).join('\n'),
    remove,
  };
  return cairn;
};

const embedded: StartProcesses = (variables) => {
  const cairn = new CairnProcess('cairn', join(DIST, 'cairn/src/main.js'), variables);
  return { processes: [cairn], url: cairn.ready };
};

/** Embedded Cairn on a free port and a temporary folder. */
export const startEmbedded = (variables: Variables = {}): Promise<Cairn> =>
  run('embedded', embedded, variables, () => Promise.resolve());

const distributed: StartProcesses = (variables) => {
  const start = (name: string): CairnProcess => new CairnProcess(name, join(DIST, name, 'src/main.js'), variables);
  const gateway = start('gateway');
  return { processes: [...SERVICES.map(start), gateway], url: gateway.ready };
};

/** Gateway and services as processes of their own, over a NATS server of their own, on one SQLite ledger. */
export const startDistributed = async (variables: Variables = {}): Promise<Cairn> => {
  const server: NatsServer = await startNatsServer();
  return run('distributed', distributed, { NATS_URL: server.url, ...variables }, () => server.remove());
};
