import { join } from 'node:path';
import type { PilotOptions } from '../pilot/options.js';
import { Delivery } from '../worker/delivery.js';
import { FailureLimit } from '../worker/failure-limit.js';
import type { Sandbox } from '../worker/sandbox/sandbox.js';
import type { Shutdown } from '../worker/shutdown.js';
import { Spool } from '../worker/spool.js';
import { type Registration, Worker } from '../worker/worker.js';
import { Download } from './download.js';
import { PandaClient } from './panda-client.js';
import { PandaJobs, type PandaUnit } from './panda-jobs.js';

/** Each running job sends heartbeats of its own; the server does not know the pilot. */
const UNREGISTERED: Registration = {
  register: () => Promise.resolve(),
  beat: () => Promise.resolve(),
  deregister: () => Promise.resolve(),
};

const MB_PER_GB = 1000;
const SECONDS_PER_HOUR = 3600;
/** Heartbeats of a job in the time after which the server may consider it lost. */
const HEARTBEATS = 4;

export const makePandaPilot = (
  options: PilotOptions,
  sandbox: Sandbox,
  shutdown: Shutdown,
  note: (line: string) => void,
): Worker<PandaUnit> => {
  const { url, token, offer, slots, workdir, panda, serverTimeoutMs: timeoutMs } = options;
  const { environment, outputBytesMax } = options;
  const onSilence = (message: string): void => note(`no answer: ${message}; tries again`);
  const client = new PandaClient({ url, token, origin: panda.origin, timeoutMs, onSilence });
  const outputs = panda.outputs ?? join(workdir, 'outputs');
  const spool = new Spool(join(workdir, 'spool'), url, note);
  const heartbeatMs = (options.heartbeatTimeoutSeconds * 1000) / HEARTBEATS;
  const source = new PandaJobs(
    client,
    {
      ...{ queue: offer.site, label: panda.label, workdir, outputs },
      offer: {
        memoryMb: Math.floor(offer.memory * MB_PER_GB),
        diskMb: Math.floor(offer.disk * MB_PER_GB),
        seconds: Math.floor(offer.time * SECONDS_PER_HOUR),
      },
      ...{ heartbeatMs, keep: options.keep },
    },
    sandbox,
    {
      ...{ sandbox, environment, outputBytesMax },
      inputFolders: [outputs, ...panda.inputs],
      download: new Download(url),
    },
    note,
  );
  return new Worker(
    {
      ...{ source, registration: UNREGISTERED, spool, shutdown, note },
      delivery: new Delivery(client.http, spool, note),
      failures: new FailureLimit(options.machineFailuresMax),
    },
    {
      ...{ slots, unitsPerSlot: 1, pollMs: options.pollMs, graceMs: options.graceMs, heartbeatMs },
      exitWhenIdle: options.exitWhenIdle,
    },
  );
};
