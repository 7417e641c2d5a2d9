import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A child process. The caller must stop it. */
export interface Child {
  readonly process: ChildProcess;
  /** Resolves with the exit code, or -1 after a signal. */
  readonly ended: Promise<number>;
  /** Sends SIGTERM, and SIGKILL to a process that does not end within 15 seconds. */
  stop(): Promise<number>;
}

interface StartOptions {
  /** Beside the variables of this process; `undefined` takes one of them away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly onLine?: (line: string) => void;
  /** Without it stderr is ours. */
  readonly onErrorLine?: (line: string) => void;
  /** Ctrl-C in a terminal does not reach it, and its stdin ends with this process. */
  readonly isApart?: true;
}

const KILL_AFTER_MS = 15_000;

/** Starts a script with the Node.js that runs this one, and its flags. */
export const startScript = (script: string, args: readonly string[], options: StartOptions = {}): Child => {
  const { onErrorLine } = options;
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: [options.isApart ? 'pipe' : 'ignore', 'pipe', onErrorLine === undefined ? 'inherit' : 'pipe'],
    detached: options.isApart ?? false,
    env: { ...process.env, ...options.environment },
  });
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => options.onLine?.(line));
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', (line) => onErrorLine?.(line));
  const ended = new Promise<number>((settle, refuse) => {
    child.once('error', refuse);
    child.once('exit', (code) => {
      settle(code ?? -1);
    });
  });
  return {
    process: child,
    ended,
    stop: async () => {
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      child.kill('SIGTERM');
      try {
        return await ended;
      } finally {
        clearTimeout(killer);
      }
    },
  };
};

/** The line that reports that Cairn is ready, among lines of its log. */
const URL_IN_LINE = /^Cairn.*?(https?:\/\/[^\s"]+)/;

interface CairnOptions extends Omit<StartOptions, 'onLine'> {
  /** `apps/cairn/src/main.js`, compiled. */
  readonly script: string;
  readonly dataDir: string;
  /** Words of its command line; none runs the whole of Cairn. */
  readonly words?: readonly string[];
}

/** Embedded Cairn on a free port; resolves when it listens. */
export const startCairn = async ({
  script,
  dataDir,
  words = [],
  environment,
  ...options
}: CairnOptions): Promise<Child & { readonly url: string }> => {
  let report: ((url: string) => void) | undefined;
  const listening = new Promise<string>((settle) => {
    report = settle;
  });
  const child = startScript(script, words, {
    ...options,
    // Callers drive every step themselves, unless their environment turns automation on.
    environment: { PORT: '0', LOG_LEVEL: 'warn', CAIRN_AUTOMATION: 'off', ...environment, CAIRN_DATA_DIR: dataDir },
    onLine: (line) => {
      const url = URL_IN_LINE.exec(line)?.[1];
      if (url !== undefined) report?.(url);
    },
  });
  const url = await Promise.race([
    listening,
    child.ended.then((code): never => {
      throw new Error(`Cairn ended with code ${code} before it listened`);
    }),
  ]);
  return { ...child, url };
};

/** Runs a script until it ends; resolves with its output. */
export const printedBy = async (
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> => {
  const lines: string[] = [];
  const child = startScript(script, args, { environment, onLine: (line) => lines.push(line) });
  const code = await child.ended;
  if (code !== 0) throw new Error(`${script} ended with code ${code}`);
  return lines.join('\n').trim();
};
