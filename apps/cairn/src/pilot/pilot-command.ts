import { join } from 'node:path';
import { Command } from 'commander';
import { EXIT, type Terminal } from '../command-line.js';
import { Delivery } from '../worker/delivery.js';
import { FailureLimit } from '../worker/failure-limit.js';
import { AccessDenied, Refused, Unreachable } from '../worker/http-client.js';
import { closeInheritedFiles } from '../worker/sandbox/inherited-files.js';
import { openSandbox } from '../worker/sandbox/open-sandbox.js';
import type { Sandbox } from '../worker/sandbox/sandbox.js';
import { Shutdown } from '../worker/shutdown.js';
import { Spool } from '../worker/spool.js';
import { Worker, type WorkerEnd } from '../worker/worker.js';
import { makePandaPilot } from '../panda-pilot/make-panda-pilot.js';
import { IceprodTasks } from './iceprod-tasks.js';
import { addPilotOptions, type PilotOptions, readOptions } from './options.js';
import { PilotRegistration } from './pilot-registration.js';
import { RestClient } from './rest-client.js';

/** Missed heartbeats after which the server considers the pilot lost. */
const HEARTBEATS_MISSED_MAX = 4;

const makeIceprodPilot = (
  options: PilotOptions,
  sandbox: Sandbox,
  shutdown: Shutdown,
  note: (line: string) => void,
) => {
  const { url, token, offer, slots } = options;
  const client = new RestClient({
    url,
    token,
    timeoutMs: options.serverTimeoutMs,
    onSilence: (message) => note(`no answer: ${message}; tries again`),
  });
  const { site, ...resources } = offer;
  const { heartbeatTimeoutSeconds } = options;
  const registration = new PilotRegistration(client, { site, resources, heartbeatTimeoutSeconds }, note);
  const spool = new Spool(join(options.workdir, 'spool'), url, note);
  return new Worker(
    {
      source: new IceprodTasks(client, token, registration, options, sandbox, note),
      registration,
      spool,
      delivery: new Delivery(client.http, spool, note),
      failures: new FailureLimit(options.machineFailuresMax),
      shutdown,
      note,
    },
    {
      slots,
      unitsPerSlot: 1,
      pollMs: options.pollMs,
      graceMs: options.graceMs,
      heartbeatMs: (heartbeatTimeoutSeconds * 1000) / HEARTBEATS_MISSED_MAX,
      exitWhenIdle: options.exitWhenIdle,
    },
  );
};

interface Runnable {
  run(): Promise<WorkerEnd>;
}

const makePilot = (...parts: Parameters<typeof makeIceprodPilot>): Runnable =>
  parts[0].dialect === 'panda' ? makePandaPilot(...parts) : makeIceprodPilot(...parts);

/** SIGTERM and SIGINT let running tasks finish or return them; a second one ends everything at once. */
const runPilot = async (options: PilotOptions, terminal: Terminal): Promise<void> => {
  const note = (line: string): void => {
    // What tasks print may control terminals.
    terminal.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line.replaceAll(/\p{Cc}/gu, '\uFFFD')}\n`);
  };
  const fail = (message: string, exitCode: number): void => {
    terminal.stderr.write(`${message}\n`);
    terminal.exitCode = exitCode;
  };
  closeInheritedFiles();
  const warn = (message: string): void => void terminal.stderr.write(`${message}\n`);
  const sandbox = await openSandbox(options.sandbox, warn);
  warn(`Tasks run ${sandbox.description}.`);
  const shutdown = new Shutdown();
  const stop = (signal: NodeJS.Signals): void => {
    note(shutdown.stopping.aborted ? `${signal}: ends at once` : `${signal}: takes no more tasks`);
    shutdown.signal();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    const { machineFailure, undelivered } = await makePilot(options, sandbox, shutdown, note).run();
    if (undelivered > 0) fail(`${undelivered} results stay in ${join(options.workdir, 'spool')}`, EXIT.failed);
    if (machineFailure !== undefined) fail(machineFailure, EXIT.machineFailure);
  } catch (error) {
    const isExpected = error instanceof Refused || error instanceof AccessDenied || error instanceof Unreachable;
    if (!isExpected) throw error;
    fail(error.message, EXIT.failed);
  } finally {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
  }
};

/** `cairn pilot` */
export const pilotCommand = (terminal: Terminal): Command =>
  addPilotOptions(new Command('pilot'))
    .description('Claims tasks from any server that speaks the IceProd or the PanDA API and runs their commands here.')
    .action((given: Parameters<typeof readOptions>[0]) => runPilot(readOptions(given, terminal.env), terminal));
