import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { claimsGranting } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { openLedger } from '#ledger/open-ledger.js';
import { eventFaults } from './event-faults.js';
import { type SecuredBroker, startSecuredBroker } from './secured-broker.js';

/** Processes run what `npm run build` has compiled, as users do. */
const DIST = resolve('dist/apps');

const SERVICES = ['datasets', 'tasks', 'pilots', 'events', 'auth'] as const;

type Service = (typeof SERVICES)[number];

/** The flags with which `npm start` and the image run Cairn. */
const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=8', '--heap-growing-percent=150'];

const LEDGER_FILE = 'ledger.sqlite';

const START_TIMEOUT_MS = 150_000;
const STOP_TIMEOUT_MS = 30_000;

/** How much of the end of a process's output is kept for error messages. */
const OUTPUT_CHARACTERS_MAX = 1_000_000;

export type Variables = Readonly<Record<string, string>>;

interface TokenFor {
  readonly username: string;
  readonly roles?: readonly string[];
  readonly groups?: readonly string[];
  readonly lifetimeSeconds?: number;
  /** Full name, by which PanDA's API knows users. */
  readonly name?: string;
}

interface Restart {
  /** Names of applications, such as `tasks`; by default all. */
  readonly only?: readonly string[];
  readonly signal?: NodeJS.Signals;
  /** Runs while they are down. */
  readonly meanwhile?: () => Promise<void>;
}

/** A Cairn that runs as its users run it. */
export interface Cairn {
  readonly url: string;
  readonly dataDir: string;
  /** A token signed with the key in the data folder, for the audience that this Cairn was started with. */
  token(holder: TokenFor): Promise<string>;
  /** Ends processes and starts them again on the same data; the URL may change. */
  restart(options?: Restart): Promise<void>;
  /** Starts one more gateway beside the others, where gateways are processes of their own; resolves with its URL. */
  addGateway(): Promise<string>;
  /** With what a process is started, but for what all of them get. */
  variablesOf(process: string): Variables;
  /** The output of the processes so far. */
  output(): string;
  /** Of the running processes, by name. */
  pids(): ReadonlyMap<string, number>;
  /**
   * Ends the processes and deletes the data.
   *
   * @throws when an event was recorded that is not as its schema says
   */
  remove(): Promise<void>;
}

/** One process of Cairn. */
class CairnProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private ended = false;
  private text = '';
  /** Resolves with the URL in the line that reports that the process is ready. */
  readonly ready: Promise<string>;

  constructor(
    readonly name: string,
    script: string,
    variables: Variables,
  ) {
    this.child = spawn(process.execPath, [...NODE_FLAGS, script], {
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
    // Callers that wait get the failure. Without callers, stopping a process must not cause an unhandled rejection.
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.child.pid ?? 0;
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

/** The processes that make up a Cairn; the one that speaks HTTP comes last. */
interface Composition {
  readonly mode: string;
  readonly processes: readonly string[];
  readonly variables: Variables;
  /** Those that differ from process to process. */
  readonly variablesOf?: (process: string) => Variables;
  readonly cleanUp: () => Promise<void>;
}

class RunningCairn implements Cairn {
  private readonly running = new Map<string, CairnProcess>();
  url = '';

  constructor(
    private readonly composition: Composition,
    readonly dataDir: string,
  ) {}

  async begin(names: readonly string[] = this.composition.processes): Promise<void> {
    const urls = await Promise.all(names.map((name) => this.run(name).ready));
    if (names.at(-1) === this.composition.processes.at(-1)) this.url = urls.at(-1) ?? '';
  }

  async token({ username, roles = [], groups = [], lifetimeSeconds = 3600, name }: TokenFor): Promise<string> {
    const key = await SigningKey.open(this.dataDir);
    const { OIDC_AUDIENCE: aud } = this.composition.variables;
    const claims = {
      ...claimsGranting({ username, roles, groups }),
      ...(name !== undefined && { name }),
      ...(aud !== undefined && { aud }),
    };
    return key.sign(claims, lifetimeSeconds);
  }

  async restart({ only = this.composition.processes, signal = 'SIGTERM', meanwhile }: Restart = {}): Promise<void> {
    await this.stop(only, signal);
    await meanwhile?.();
    await this.begin(only);
  }

  addGateway(): Promise<string> {
    return this.run('gateway', `another gateway ${this.running.size}`).ready;
  }

  variablesOf(process: string): Variables {
    return { ...this.composition.variablesOf?.(process), ...this.composition.variables };
  }

  output(): string {
    return [...this.running.values()].map(({ output }) => output).join('\n');
  }

  pids(): ReadonlyMap<string, number> {
    return new Map([...this.running].map(([name, { pid }]) => [name, pid]));
  }

  async remove(): Promise<void> {
    await this.stop([...this.running.keys()], 'SIGTERM');
    await this.composition.cleanUp();
    const faults = await this.eventFaults();
    await rm(this.dataDir, { recursive: true, force: true });
    if (faults.length > 0) throw new Error(`Events are not as their schemas say:\n${faults.join('\n')}`);
  }

  private async eventFaults(): Promise<readonly string[]> {
    // A server may hold what other tests have recorded.
    if (!existsSync(join(this.dataDir, LEDGER_FILE))) return [];
    const ledger = await openLedger({ dataDir: this.dataDir });
    try {
      return await eventFaults(ledger);
    } finally {
      await ledger.close();
    }
  }

  private run(application: string, name = application): CairnProcess {
    const variables = {
      ...{ LOG_LEVEL: 'warn', PORT: '0', HOST: '127.0.0.1', CAIRN_DATA_DIR: this.dataDir },
      // Most tests make every change themselves.
      CAIRN_AUTOMATION: 'off',
    };
    const all = { ...variables, ...this.variablesOf(application) };
    const process = new CairnProcess(name, join(DIST, application, 'src/main.js'), all);
    this.running.set(name, process);
    return process;
  }

  private async stop(names: readonly string[], signal: NodeJS.Signals): Promise<void> {
    await Promise.all(names.map(async (name) => this.running.get(name)?.stop(signal)));
  }
}

const run = async (composition: Composition): Promise<Cairn> => {
  const dataDir = await mkdtemp(join(tmpdir(), `cairn-${composition.mode}-`));
  const cairn = new RunningCairn(composition, dataDir);
  try {
    await cairn.begin();
    return cairn;
  } catch (error) {
    await cairn.remove();
    throw error;
  }
};

/** Embedded Cairn on a free port and a temporary folder. */
export const startEmbedded = (variables: Variables = {}): Promise<Cairn> =>
  run({ mode: 'embedded', processes: ['cairn'], variables, cleanUp: () => Promise.resolve() });

/** Gateway and services, or some of them, as processes of their own, over a broker, on one SQLite ledger. */
export const startOver = (
  broker: SecuredBroker,
  variables: Variables = {},
  services: readonly Service[] = SERVICES,
): Promise<Cairn> =>
  run({
    mode: 'distributed',
    processes: [...services, 'gateway'],
    variables,
    variablesOf: broker.variablesOf,
    cleanUp: () => broker.remove(),
  });

/** As {@link startOver}, with a NATS server of its own. */
export const startDistributed = async (variables: Variables = {}): Promise<Cairn> =>
  startOver(await startSecuredBroker(), variables);

/** A way to run Cairn. */
export interface Mode {
  readonly mode: string;
  readonly isDistributed: boolean;
  readonly start: (variables?: Variables) => Promise<Cairn>;
  /** Name of the process that a service runs in, for {@link Cairn.restart}. */
  readonly processOf: (service: Service) => string;
}

/** Both ways to run Cairn. Its behaviour must not depend on them, so suites about behaviour run in both. */
export const MODES: readonly Mode[] = [
  { mode: 'embedded', isDistributed: false, start: startEmbedded, processOf: () => 'cairn' },
  {
    mode: 'as separate processes over NATS',
    isDistributed: true,
    start: startDistributed,
    processOf: (service) => service,
  },
];
