import type { Queue } from '#contracts/panda/queues.js';
import type { JsonMembers } from '#platform/json-object.js';

const orEmpty = (value: unknown): unknown => value ?? '';

/** The attributes of a queue that `metaconfig/get_site_specs` answers (contract 3.15), from its document. */
const siteSpecOf = (queue: Queue): object => {
  const document = JSON.parse(queue.document) as JsonMembers;
  return {
    sitename: queue.name,
    nickname: queue.name,
    dq2url: document['dq2url'],
    cloud: queue.cloud,
    ddm: document['ddm'],
    type: queue.type,
    releases: document['releases'],
    memory: document['maxmemory'] ?? queue.maxrss,
    maxtime: queue.maxtime,
    status: queue.status,
    setokens_output: document['setokens_output'] ?? {},
    defaulttoken: document['defaulttoken'],
    validatedreleases: document['validatedreleases'] ?? [],
    maxinputsize: document['maxinputsize'],
    comment: document['comment'],
    statusmodtime: orEmpty(document['lastmod']),
    pledgedCPU: document['pledgedcpu'],
    coreCount: queue.cores,
    reliabilityLevel: document['reliabilitylevel'] ?? null,
    iscvmfs: document['is_cvmfs'],
    transferringlimit: document['transferringlimit'],
    maxwdir: queue.maxwdir,
    fairsharePolicy: document['fairsharepolicy'],
    mintime: queue.mintime,
    allowfax: document['allowfax'] ?? false,
    pandasite: queue.site,
    corepower: document['corepower'],
    wnconnectivity: document['wnconnectivity'],
    catchall: document['catchall'],
    role: document['role'],
    pandasite_state: queue.state,
    maxrss: queue.maxrss,
    minrss: queue.minrss,
    direct_access_lan: document['direct_access_lan'],
    direct_access_wan: document['direct_access_wan'],
    tier: document['tier'],
    objectstores: document['objectstores'],
    is_unified: queue.type === 'unified',
    unified_name: queue.name,
    jobseed: document['jobseed'],
    capability: queue.capability,
    workflow: queue.workflow,
    maxDiskio: document['maxdiskio'],
    extra_queue_params: document['params'],
  };
};

/** Specs of queues as raw JSON. Those of queues that stay as they are, are made once. */
export class SiteSpecs {
  /** By the raw JSON of the queue. */
  private made = new Map<string, { readonly type: string; readonly member: string }>();

  /**
   * Specs by name (contract 6.6).
   *
   * @param queues raw JSON of all queues
   * @param type `all`, or the type that the queues must have; an unknown one has none
   */
  of(queues: readonly string[], type: string): string {
    const before = this.made;
    this.made = new Map(queues.map((text) => [text, before.get(text) ?? madeOf(JSON.parse(text) as Queue)]));
    const members = [...this.made.values()].filter((made) => type === 'all' || made.type === type);
    return `{${members.map(({ member }) => member).join(',')}}`;
  }
}

const madeOf = (queue: Queue): { readonly type: string; readonly member: string } => ({
  type: queue.type,
  member: `${JSON.stringify(queue.name)}:${JSON.stringify(siteSpecOf(queue))}`,
});
