import {
  type Check,
  flag,
  integer,
  list,
  listOf,
  number,
  object,
  oneOf,
  otherwise,
  someMembers,
  someText,
  text,
} from '../document/check.js';

const storageActivities = ['pr', 'pw', 'pl', 'read_lan', 'write_lan'] as const;

const computingElements = listOf(
  someMembers({
    ce_endpoint: someText,
    ce_state: otherwise(text, 'ACTIVE'),
    ce_flavour: otherwise(oneOf('htcondor-ce', 'arc-ce', 'cream-ce'), 'htcondor-ce'),
    ce_queue_name: otherwise(text, ''),
    ce_version: otherwise(text, ''),
  }),
);

/** Lists of names, such as those of storages, by activity. */
const namesByActivity: Check<Readonly<Record<string, readonly string[]>>> = (value, path, faults) =>
  Object.fromEntries(
    Object.entries(object(value, path, faults)).map(([activity, names]) => [
      activity,
      listOf(text)(names, `${path}.${activity}`, faults),
    ]),
  );

const emptyText = otherwise(text, '');
const none = otherwise(integer, 0);
const no = otherwise(flag, false);

/**
 * The keys of a queue that Cairn, pilots and harvester read, with their defaults (contract 7.8). Those that repeat the queue's name or its site are in
 * `queue.ts`. Null counts as left out.
 */
export const QUEUE_FIELDS = {
  cmtconfig: emptyText,
  cloud: otherwise(text, 'WORLD'),
  state: otherwise(text, 'ACTIVE'),
  status: otherwise(oneOf('online', 'brokeroff', 'test', 'offline'), 'online'),
  type: otherwise(oneOf('unified', 'analysis', 'production', 'special'), 'unified'),
  capability: otherwise(oneOf('ucore', 'score', 'mcore'), 'ucore'),
  workflow: otherwise(text, 'pull'),
  pilot_manager: otherwise(text, 'Harvester'),
  harvester: emptyText,
  harvester_template: emptyText,
  special_par: emptyText,
  pilot_version: otherwise(text, 'current'),
  python_version: otherwise(text, '3'),
  resource_type: otherwise(text, 'GRID'),
  catchall: emptyText,
  params: otherwise(object, {}),
  corecount: otherwise(integer, 1),
  maxrss: none,
  minrss: none,
  meanrss: none,
  maxwdir: otherwise(integer, 16336),
  maxinputsize: none,
  maxtime: none,
  mintime: none,
  timefloor: none,
  corepower: otherwise(number, 0),
  maxdiskio: otherwise(number, 0),
  pledgedcpu: otherwise(number, 0),
  transferringlimit: none,
  zip_time_gap: none,
  memkillgrace: otherwise(integer, 100),
  jobseed: otherwise(text, 'std'),
  wnconnectivity: otherwise(text, null),
  releases: otherwise(list, []),
  objectstores: otherwise(list, []),
  appdir: emptyText,
  environ: emptyText,
  container_type: emptyText,
  container_options: emptyText,
  copytools: otherwise(object, { mv: { setup: '' } }),
  acopytools: otherwise(
    namesByActivity,
    Object.fromEntries(storageActivities.map((activity): [string, readonly string[]] => [activity, ['mv']])),
  ),
  astorages: otherwise(namesByActivity, {}),
  aprotocols: otherwise(object, {}),
  acopytools_schemas: otherwise(object, {}),
  allow_lan: otherwise(flag, true),
  allow_wan: otherwise(flag, true),
  direct_access_lan: no,
  direct_access_wan: no,
  is_cvmfs: no,
  use_pcache: no,
  queues: otherwise(computingElements, []),
  dq2url: emptyText,
  ddm: emptyText,
  defaulttoken: emptyText,
  comment: emptyText,
  fairsharepolicy: emptyText,
  role: emptyText,
  tier: emptyText,
} as const satisfies Readonly<Record<string, Check<unknown>>>;
