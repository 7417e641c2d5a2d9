import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Debian puts it where only administrators' `PATH` leads. */
const PROGRAMS = ['nats-server', '/usr/sbin/nats-server'];
const START_TIMEOUT_MS = 30_000;

/** How to get what tests over NATS need. */
const NATS_SERVER_MISSING = 'nats-server is missing: apt-get install nats-server';

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Ends the process; its folder stays until {@link NatsServer.remove}, so that it can be started again. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** Stops it and deletes its folder. */
  remove(): Promise<void>;
}

const spawned = async (program: string, args: readonly string[]): Promise<ChildProcess | undefined> => {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    await once(child, 'spawn');
    return child;
  } catch {
    return undefined;
  }
};

const launch = async (args: readonly string[]): Promise<ChildProcess> => {
  for (const program of PROGRAMS) {
    const child = await spawned(program, args);
    if (child !== undefined) return child;
  }
  throw new Error(NATS_SERVER_MISSING);
};

/** Reads the server's own log until it says that it is ready. */
const portOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    let log = '';
    const fail = (): void => reject(new Error(`nats-server did not start:\n${log}`));
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    child.once('exit', fail);
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const port = /Listening for client connections on \S+:(\d+)/.exec(log)?.[1];
      if (port === undefined || !log.includes('Server is ready')) return;
      clearTimeout(timer);
      child.off('exit', fail);
      child.stderr?.removeAllListeners('data');
      // An unread pipe would block the server once it is full.
      child.stderr?.resume();
      resolve(Number(port));
    });
  });

export interface NatsServerOptions {
  readonly jetStream?: boolean;
  /** Text of a configuration file, and of files beside it that it includes. */
  readonly config?: string;
  readonly included?: Readonly<Record<string, string>>;
}

/** A broker of one's own, with JetStream unless the options say otherwise, on a free port of this machine and with its own temporary folder. */
export const startNatsServer = async ({
  jetStream = true,
  config,
  included = {},
}: NatsServerOptions = {}): Promise<NatsServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-nats-'));
  const file = join(folder, 'nats.conf');
  if (config !== undefined) await writeFile(file, config, { mode: 0o600 });
  for (const [name, text] of Object.entries(included)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
  const args = (port: number): string[] => [
    ...['-a', '127.0.0.1', '-p', String(port)],
    ...(config === undefined ? [] : ['-c', file]),
    ...(jetStream ? ['-js', '-sd', join(folder, 'jetstream')] : []),
  ];
  let child = await launch(args(-1));
  const port = await portOf(child);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    stop,
    restart: async () => {
      await stop();
      child = await launch(args(port));
      await portOf(child);
    },
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
