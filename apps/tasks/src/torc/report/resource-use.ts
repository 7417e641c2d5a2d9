import { fullId } from '#contracts/torc/ids.js';
import { durationSeconds, GIB, memoryBytes } from '#contracts/torc/values.js';
import type { ReportedGroup, ReportedUse } from '#contracts/torc/workflows.js';
import { DEFAULT_GROUP, type Group } from '../graph/job-needs.js';
import type { StateView, Workflow } from '../view.js';

/** What was measured of one job. Undefined where nothing was. */
export interface JobUse {
  readonly cpus: number | undefined;
  readonly memoryGb: number | undefined;
  readonly minutes: number | undefined;
}

/** The greatest use of one kind among jobs that may use so much each. */
class Use {
  private used: number | null = null;
  private over = 0;

  constructor(private readonly requested: number) {}

  add(amount: number | undefined): void {
    if (amount === undefined) return;
    this.used = Math.max(this.used ?? 0, amount);
    if (amount > this.requested) this.over += 1;
  }

  get reported(): ReportedUse {
    return { requested: this.requested, used: this.used, jobs_over: this.over };
  }
}

/** What the jobs of one group of resource requirements used. */
export class GroupUse {
  private jobs = 0;
  private measured = 0;
  private readonly cpus: Use;
  private readonly memory: Use;
  private readonly runtime: Use;

  constructor(private readonly group: (Group & { readonly ordinal: number }) | undefined) {
    const { num_cpus, memory, runtime } = group ?? DEFAULT_GROUP;
    this.cpus = new Use(num_cpus);
    this.memory = new Use((memoryBytes(memory) ?? 0) / GIB);
    this.runtime = new Use((durationSeconds(runtime) ?? 0) / 60);
  }

  add({ cpus, memoryGb, minutes }: JobUse): void {
    this.jobs += 1;
    if (cpus !== undefined || minutes !== undefined) this.measured += 1;
    this.cpus.add(cpus);
    this.memory.add(memoryGb);
    this.runtime.add(minutes);
  }

  reported(view: StateView, workflow: Workflow): ReportedGroup {
    const { group } = this;
    const id =
      group === undefined ? null : fullId('resource_requirements', workflow.key, view.keyAt(workflow, group.ordinal));
    return {
      ...{ resource_requirements_id: id, name: group === undefined ? 'default' : (group.name ?? null) },
      ...{ jobs: this.jobs, jobs_measured: this.measured },
      ...{ cpus: this.cpus.reported, memory_gb: this.memory.reported, runtime_minutes: this.runtime.reported },
    };
  }
}
