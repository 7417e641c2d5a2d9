import type { DatabaseSync } from 'node:sqlite';
import type { EdgeName } from '#contracts/torc/edges.js';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { codeOf } from '../collection-code.js';
import type { CustomKeys } from '../document/custom-keys.js';
import { type Edge, INPUT_EDGES, type InputEdge } from '../view.js';

/** `source` and `target` are ordinals. `key` is null when it is the ordinal in decimal. */
export const EDGE_TABLE = `
CREATE TABLE torc_edge (
  workload INTEGER NOT NULL,
  edge INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  source INTEGER NOT NULL,
  target INTEGER NOT NULL,
  key TEXT,
  data TEXT,
  PRIMARY KEY (workload, edge, ordinal)
) STRICT, WITHOUT ROWID;`;

export const EDGE_INDEXES = `
CREATE INDEX torc_edge_source ON torc_edge (workload, edge, source, ordinal, target);
CREATE INDEX torc_edge_target ON torc_edge (workload, edge, target, ordinal, source);`;

type Values = readonly [ordinal: number, source: number, target: number, key: string | null, data: string | null];

/** Edges read at a time. */
const SLICE = 1_000;

const edgeOf = ([ordinal, from, to, key, data]: Values): Edge => ({
  ordinal,
  key: key ?? String(ordinal),
  from,
  to,
  data: data ?? undefined,
});

/** Reads edges through one connection. */
export class EdgeRows {
  private readonly selectAt: ArrayStatement<Values>;
  private readonly selectAfter: ArrayStatement<Values>;
  private readonly selectFrom: ArrayStatement<Values>;
  private readonly selectTo: ArrayStatement<Values>;
  private readonly selectInputs: ArrayStatement<readonly [edge: number, target: number]>;
  private readonly selectEnds: ArrayStatement<readonly [ordinal: number, source: number, target: number]>;
  private readonly selectSources: ArrayStatement<readonly [ordinal: number]>;
  private readonly selectTargets: ArrayStatement<readonly [ordinal: number]>;
  private readonly selectOrdinals: Readonly<Record<'from' | 'to', ArrayStatement<readonly [ordinal: number]>>>;
  private readonly selectOtherEnds: Readonly<
    Record<'from' | 'to', ArrayStatement<readonly [ordinal: number, other: number]>>
  >;
  private readonly selectBetween: ArrayStatement<readonly [count: number]>;

  constructor(
    database: DatabaseSync,
    private readonly keys: CustomKeys,
  ) {
    const of = 'FROM torc_edge WHERE workload = ? AND edge = ?';
    const columns = 'SELECT ordinal, source, target, key, data';
    const prepare = <Values extends Row>(sql: string) => arrayStatement<Values>(database, sql);
    this.selectAt = prepare(`${columns} ${of} AND ordinal = ?`);
    this.selectAfter = prepare(`${columns} ${of} AND ordinal > ? ORDER BY ordinal LIMIT ? OFFSET ?`);
    // Asked plainly, SQLite reads all edges of the kind by the primary key, which has them in order too.
    const found = `SELECT ordinal, source, target, torc_edge.key, torc_edge.data
      FROM torc_edge AS found CROSS JOIN torc_edge USING (workload, edge, ordinal, source, target)
      WHERE workload = ? AND edge = ?`;
    this.selectFrom = prepare(`${found} AND source = ? ORDER BY ordinal`);
    this.selectTo = prepare(`${found} AND target = ? ORDER BY ordinal`);
    // SQLite would make a table of a list of kinds for each question.
    const inputs = INPUT_EDGES.map(
      (edge) => `SELECT edge, target FROM torc_edge WHERE workload = ?1 AND edge = ${codeOf(edge)} AND source = ?2`,
    );
    this.selectInputs = prepare(inputs.join(' UNION ALL '));
    this.selectEnds = prepare(`SELECT ordinal, source, target ${of} AND ordinal > ? ORDER BY ordinal LIMIT ?`);
    this.selectTargets = prepare(`SELECT target ${of} AND source = ? ORDER BY ordinal`);
    this.selectSources = prepare(`SELECT source ${of} AND target = ? ORDER BY ordinal`);
    this.selectOrdinals = {
      from: prepare(`SELECT ordinal ${of} AND source = ? AND ordinal > ? ORDER BY ordinal LIMIT ${SLICE}`),
      to: prepare(`SELECT ordinal ${of} AND target = ? AND ordinal > ? ORDER BY ordinal LIMIT ${SLICE}`),
    };
    this.selectOtherEnds = {
      from: prepare(`SELECT ordinal, target ${of} AND source = ? AND ordinal > ? ORDER BY ordinal LIMIT ${SLICE}`),
      to: prepare(`SELECT ordinal, source ${of} AND target = ? AND ordinal > ? ORDER BY ordinal LIMIT ${SLICE}`),
    };
    this.selectBetween = prepare(`SELECT count(*) ${of} AND source = ? AND target = ?`);
  }

  at(workload: WorkloadId, edge: EdgeName, ordinal: number): Edge | undefined {
    const row = this.selectAt.get(workload, codeOf(edge), ordinal);
    return row && edgeOf(row);
  }

  byKey(workload: WorkloadId, edge: EdgeName, key: string): Edge | undefined {
    for (const ordinal of this.keys.candidates(workload, codeOf(edge), key)) {
      const found = this.at(workload, edge, ordinal);
      if (found?.key === key) return found;
    }
    return undefined;
  }

  /** Edges in order of creation. */
  after(workload: WorkloadId, edge: EdgeName, ordinal: number, limit: number, skip = 0): Edge[] {
    return this.selectAfter.all(workload, codeOf(edge), ordinal, limit, skip).map(edgeOf);
  }

  *all(workload: WorkloadId, edge: EdgeName): Iterable<Edge> {
    let after = -1;
    for (;;) {
      const slice = this.after(workload, edge, after, SLICE);
      yield* slice;
      if (slice.length < SLICE) return;
      after = slice.at(-1)?.ordinal ?? after;
    }
  }

  /** Ends of edges in order of creation. */
  *ends(workload: WorkloadId, edge: EdgeName): Iterable<readonly [from: number, to: number]> {
    const code = codeOf(edge);
    let after = -1;
    for (;;) {
      const slice = this.selectEnds.all(workload, code, after, SLICE);
      for (const [ordinal, from, to] of slice) {
        after = ordinal;
        yield [from, to];
      }
      if (slice.length < SLICE) return;
    }
  }

  from(workload: WorkloadId, edge: EdgeName, ordinal: number): readonly Edge[] {
    return this.selectFrom.all(workload, codeOf(edge), ordinal).map(edgeOf);
  }

  /** Edges to what the hash of a job covers: one statement, because each completion asks. */
  inputs(workload: WorkloadId, job: number): InputEdge[] {
    return this.selectInputs.all(workload, job).flatMap(([code, to]) => {
      const edge = INPUT_EDGES.find((name) => codeOf(name) === code);
      return edge === undefined ? [] : [{ edge, to }];
    });
  }

  to(workload: WorkloadId, edge: EdgeName, ordinal: number): readonly Edge[] {
    return this.selectTo.all(workload, codeOf(edge), ordinal).map(edgeOf);
  }

  /** Ordinals of targets, in order of the edges' creation; several edges give one several times. */
  targets(workload: WorkloadId, edge: EdgeName, source: number): number[] {
    return this.selectTargets.all(workload, codeOf(edge), source).map(([ordinal]) => ordinal);
  }

  /** Ordinals of sources, in order of the edges' creation; several edges give one several times. */
  sources(workload: WorkloadId, edge: EdgeName, target: number): number[] {
    return this.selectSources.all(workload, codeOf(edge), target).map(([ordinal]) => ordinal);
  }

  /** Ordinals of the edges that have an end here, in slices. */
  *ordinalsAt(workload: WorkloadId, edge: EdgeName, end: 'from' | 'to', ordinal: number): Iterable<readonly number[]> {
    const [select, code] = [this.selectOrdinals[end], codeOf(edge)];
    let after = -1;
    for (;;) {
      const slice = select.all(workload, code, ordinal, after).map(([ordinal]) => ordinal);
      yield slice;
      if (slice.length < SLICE) return;
      after = slice.at(-1) ?? after;
    }
  }

  /** The other ends of the edges that have an end here, in order of the edges' creation, in slices. */
  *otherEnds(workload: WorkloadId, edge: EdgeName, end: 'from' | 'to', ordinal: number): Iterable<readonly number[]> {
    const [select, code] = [this.selectOtherEnds[end], codeOf(edge)];
    let after = -1;
    for (;;) {
      const slice = select.all(workload, code, ordinal, after);
      yield slice.map(([, other]) => other);
      if (slice.length < SLICE) return;
      after = slice.at(-1)?.[0] ?? after;
    }
  }

  /** How many edges go from one to the other. */
  countBetween(workload: WorkloadId, edge: EdgeName, source: number, target: number): number {
    return this.selectBetween.get(workload, codeOf(edge), source, target)?.[0] ?? 0;
  }
}
