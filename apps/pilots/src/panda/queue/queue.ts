import type { Queue } from '#contracts/panda/queues.js';
import { type Faults, otherwise, someMembers, text } from '../document/check.js';
import { QUEUE_FIELDS } from './queue-fields.js';

/** Names stand in paths and in names of files. */
const QUEUE_NAME = /^[A-Za-z0-9][\w.+-]{0,127}$/;
/** `schedconfig.all.json` and `pandaqueues.json` hold all queues. */
const RESERVED: readonly string[] = ['schedconfig', 'pandaqueues'];

/** More would not fit into the event that records it. */
const QUEUE_CHARACTERS_MAX = 64 * 1024;

/** Keys that must be the queue's name, or pilots and harvester refuse the queue (contract 7.8). */
const NAMES = ['nickname', 'name', 'siteid'] as const;

const queueFields = someMembers(QUEUE_FIELDS);

/**
 * The queue that an entry of the operator's document describes, with all defaults (contract 7.8). Keys that Cairn does not know stay as they are.
 */
export const queueOf = (name: string, entry: unknown, path: string, faults: Faults): Queue => {
  if (!QUEUE_NAME.test(name) || RESERVED.includes(name)) {
    faults.add(path, 'is no name for a queue: use 1 to 128 letters, digits, _ . + -');
  }
  const fields = queueFields(entry ?? {}, path, faults);
  const textOf = (key: string, byDefault: string): string =>
    otherwise(text, byDefault)(fields[key], `${path}.${key}`, faults);
  for (const key of NAMES) {
    if (textOf(key, name) !== name) faults.add(`${path}.${key}`, `must be "${name}"`);
  }
  if ('error' in fields) faults.add(`${path}.error`, 'must be left out: pilots take it for a failure');
  // The physical site is the first of these that is given.
  const site = textOf('atlas_site', textOf('gstat', textOf('site', name)));
  const document = JSON.stringify({
    ...fields,
    ...{ nickname: name, name, siteid: name, panda_resource: textOf('panda_resource', name) },
    ...{ atlas_site: site, gstat: textOf('gstat', site) },
  });
  if (document.length > QUEUE_CHARACTERS_MAX) {
    faults.add(path, `must be shorter than ${String(QUEUE_CHARACTERS_MAX)} characters`);
  }
  return {
    ...{ name, document, site, status: fields.status, state: fields.state, type: fields.type },
    ...{ capability: fields.capability, cloud: fields.cloud, workflow: fields.workflow, harvester: fields.harvester },
    ...{ maxrss: fields.maxrss, minrss: fields.minrss, meanrss: fields.meanrss, maxwdir: fields.maxwdir },
    ...{ maxtime: fields.maxtime, mintime: fields.mintime, cores: fields.corecount === 0 ? 1 : fields.corecount },
  };
};

/** Endpoints of the computing elements of a queue. */
export const endpointsOf = ({ document }: Queue): readonly string[] => {
  const { queues } = JSON.parse(document) as { queues: readonly { ce_endpoint: string }[] };
  return queues.map(({ ce_endpoint: endpoint }) => endpoint);
};
