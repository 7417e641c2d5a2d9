import type { JobTemplate } from '#contracts/panda/template.js';
import type { PandaView, Task } from '../view.js';
import { Broker } from './broker.js';

/** The queues that a task lets its jobs go to. Those in which its build has failed are none of them. */
export const brokerOf = (
  view: Pick<PandaView, 'queues' | 'countAtSite'>,
  { attributes: { site, cloud, prodSourceLabel } }: Task,
  { included_sites, excluded_sites }: JobTemplate,
  failedBuilds: ReadonlySet<string> = new Set(),
): Broker =>
  new Broker(view, {
    ...{ label: prodSourceLabel ?? '', site, cloud, failedBuilds },
    included: included_sites ?? [],
    excluded: excluded_sites ?? [],
  });
