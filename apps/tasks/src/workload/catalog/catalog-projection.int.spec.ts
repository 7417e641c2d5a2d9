import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { accessRulesProjection } from '#event-sourcing/access-rules.js';
import type { AppliedEvent, ProjectionWriter } from '#event-sourcing/projection.js';
import type { Dialect } from '#ledger/ref.js';
import { DIALECTS } from '../../dialects.js';
import { Policies } from '../../engine/policies.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { FailureProjection } from '../failure/failure-projection.js';
import { WorkloadKinds } from '../workload-kind.js';
import { WorkloadProjection } from '../workload-projection.js';
import { CatalogProjection } from './catalog-projection.js';

/** IceProd's and Torc's need no tables of their own here. */
const TRIED = DIALECTS.filter(({ name }) => name !== 'panda');

type Step = Pick<AppliedEvent, 'stream' | 'type' | 'data'>;

class Tables {
  private readonly database = new DatabaseSync(':memory:');
  private readonly writers: readonly (readonly [
    prefixes: readonly string[],
    types: readonly string[],
    ProjectionWriter,
  ])[];
  private revision = 0;

  constructor() {
    const policies = new Policies(Object.fromEntries(TRIED.map(({ name, policy }) => [name, policy])));
    const kinds = new WorkloadKinds(Object.fromEntries(TRIED.map(({ name, workloads }) => [name, workloads])));
    const units = new UnitProjection(policies);
    const projections = [
      ...[new WorkloadProjection(), units, accessRulesProjection, new FailureProjection(kinds)],
      new CatalogProjection(kinds, policies, units),
    ];
    for (const { tables, indexes } of projections) this.database.exec(`${tables}; ${indexes}`);
    this.writers = projections.map((each) => [each.streamPrefixes, each.eventTypes ?? [], each.attach(this.database)]);
  }

  apply({ stream, type, data }: Step): void {
    this.revision += 1;
    const [dialect = ''] = stream.slice(stream.indexOf('-') + 1).split('.');
    const metadata = {
      ...{ timeMicros: this.revision, actor: 'a', dialect: dialect as Dialect },
      ...{ correlationId: '', causationId: '', schemaVersion: 1 },
    };
    for (const [prefixes, types, writer] of this.writers) {
      if (!types.includes(type) || !prefixes.some((prefix) => stream.startsWith(prefix))) continue;
      const rest = writer.apply({ stream, type, data, revision: this.revision, id: '', metadata });
      if (rest !== undefined) while (rest.next().done !== true);
    }
  }

  /** As at the end of a transaction. */
  flush(): void {
    for (const [, , writer] of this.writers) writer.flush?.();
  }

  /** What answers follow from, without the integers that differ between tables. */
  rows(): unknown {
    const all = (sql: string): unknown => this.database.prepare(sql).all();
    return {
      workloads: all(
        `SELECT ref, created, changed, progress, catalog.name, owner, catalog.status, expected,
           catalog_class.dialect, catalog_class.status AS word, phase, rule
         FROM catalog JOIN workload ON workload.id = catalog.workload LEFT JOIN catalog_class ON catalog_class.id = class
         ORDER BY ref`,
      ),
      classes: all('SELECT dialect, status, phase, rule, n FROM catalog_class WHERE n <> 0 ORDER BY 1, 2, 3, 4'),
      failures: all(
        'SELECT workload, text, runs, first, last FROM failure JOIN failure_cause ON failure_cause.id = cause ORDER BY 1, 2',
      ),
    };
  }

  /** Classes whose counter is not the number of their workloads. */
  miscounted(): unknown {
    return this.database
      .prepare('SELECT id FROM catalog_class WHERE n <> (SELECT count(*) FROM catalog WHERE class = catalog_class.id)')
      .all();
  }

  close(): void {
    this.database.close();
  }
}

const oneOf = <Value>(...values: readonly Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values);

const RULE = { read_groups: ['users'], write_groups: [], read_users: ['alice'], write_users: [] };

const submissions = fc
  .record({ id: oneOf('a', 'b'), tasks: fc.nat(5), owner: oneOf('alice', 'bob') })
  .map(({ id, tasks, owner }): Step => ({
    stream: `workload-iceprod.main.${id}`,
    type: 'WorkloadSubmitted',
    data: { workload_id: id, status: 'processing', username: owner, tasks_submitted: tasks, access: RULE },
  }));

const moves = fc
  .record({ id: oneOf('a', 'b'), status: oneOf('suspended', 'errors', 'complete') })
  .map(({ id, status }): Step => ({ stream: `workload-iceprod.main.${id}`, type: 'WorkloadMoved', data: { status } }));

const rules = oneOf('a', 'b').map((id): Step => ({
  stream: `access-iceprod.main.${id}`,
  type: 'AccessRuleSet',
  data: { read_groups: [id] },
}));

const workflows = fc.record({ id: oneOf('w', 'x'), isCanceled: fc.boolean() }).map(({ id, isCanceled }): Step => ({
  stream: `work-torc.main.${id}`,
  type: 'WorkflowCreated',
  data: {
    ...{ workload_id: id, number: 1, workflow: '{"name":"n","user":"u"}', config: '{}' },
    status: JSON.stringify({ is_canceled: isCanceled }),
  },
}));

const deletions = oneOf('w', 'x').map((id): Step => ({
  stream: `work-torc.main.${id}`,
  type: 'WorkflowDeleted',
  data: { deletion: {} },
}));

const UNITS = 4;

/** What happens to units that an earlier test step may have added. */
const unitChanges = fc
  .record({ id: oneOf('a', 'b', 'c'), at: fc.nat(UNITS - 1), what: oneOf('moved', 'failed', 'done') })
  .map(({ id, at, what }): Step => {
    const [stream, units] = [`work-iceprod.main.${id}`, [[at, at]]];
    if (what === 'moved') return { stream, type: 'UnitsMoved', data: { units: [[0, at]], status: 'waiting' } };
    return what === 'failed'
      ? { stream, type: 'UnitFailed', data: { units, status: 'failed', reason: `exit code ${at % 2}` } }
      : { stream, type: 'UnitSucceeded', data: { units, status: 'complete' } };
  });

const added = (id: string): Step => ({
  stream: `work-iceprod.main.${id}`,
  type: 'UnitsAdded',
  data: {
    ...{ units: [[0, UNITS - 1]], workload_id: id, prefix: id.repeat(24) },
    shapes: [{ name: 'generate', depends: [], requirements: '{}', status: 'idle', priority: 0 }],
  },
});

const steps = fc.array(fc.oneof(submissions, moves, rules, workflows, deletions, unitChanges), { maxLength: 40 });

describe('the catalog', () => {
  it('is the same wherever transactions end, and counts its classes right', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.boolean(), { minLength: 43, maxLength: 43 }), (course, ends) => {
        const [each, some] = [new Tables(), new Tables()];
        for (const [at, step] of [...['a', 'b', 'c'].map(added), ...course].entries()) {
          each.apply(step);
          each.flush();
          some.apply(step);
          if (ends[at] === true) some.flush();
        }
        some.flush();
        expect(some.rows()).toEqual(each.rows());
        expect(some.miscounted()).toEqual([]);
        each.close();
        some.close();
      }),
      { numRuns: 60 },
    );
  });
});
