import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { WorkloadId } from '../workload/workloads.js';
import type { IndexKind, OrderedReadyUnits, ReadyIndex } from './class-index.js';
import type { Policies } from './policies.js';
import type { QueueName } from './policy.js';
import type { ReadyClass, ReadyEntry } from './ready.js';
import type { UnitReader } from './unit-row.js';
import type { WordId } from './words.js';

export type ClassId = number;

/** Integer form of what a class's units have in common. */
interface ClassKey {
  readonly queue: QueueName;
  readonly workload: WorkloadId;
  /** Home of its units, so that the order of keys in a class is the order of creation. */
  readonly home: WorkloadId;
  readonly requirements: WordId;
  readonly site: WordId;
  /** 0 when the units have no label. */
  readonly label: WordId;
  readonly isBlocked: boolean;
  readonly isLeased: boolean;
}

const BLOCKED_FLAG = 1;
const LEASED_FLAG = 2;

/** Bound of the cache from attributes to class ids. */
const CACHE_MAX = 20_000;

/** Classes whose heads are read between two yields. */
const HEADS_PER_YIELD = 100;

/** Entries of a class that are read at a time, and most that are kept. */
const FRONT_READ = 32;
const FRONT_MAX = 64;

class LoadedClass implements ReadyClass {
  /** The first units of the class, in order and without gaps. Empty when they must be read again. */
  readonly front: ReadyEntry[] = [];
  /** Whether the class is known to have no units besides these. */
  isWhole = false;
  /** Whether the head has been returned to a caller since it last improved. */
  isSeen = false;

  constructor(
    readonly id: ClassId,
    readonly queue: QueueName,
    readonly group: string,
    readonly workload: string,
    readonly requirements: string,
    readonly site: string,
    readonly label: string,
    readonly isBlocked: boolean,
    readonly isLeased: boolean,
  ) {}
}

const entryOf = (row: Readonly<Record<string, unknown>>): ReadyEntry => ({
  key: Number(row['key']),
  priority: Number(row['priority']),
  id: String(row['id']),
});

const isBefore = (a: Omit<ReadyEntry, 'id'>, b: Omit<ReadyEntry, 'id'>): boolean =>
  a.priority > b.priority || (a.priority === b.priority && a.key < b.key);

/** The classes of one group in a queue. */
class Group {
  readonly classes = new Set<LoadedClass>();
  /** By the name of their kind. */
  readonly indexes = new Map<string, ReadyIndex>();
  /** Classes whose place in the indexes may have changed. */
  readonly moved = new Set<LoadedClass>();
}

/**
 * The ready queue on the writing connection: classes are in memory, units in the index `unit_ready`. Memory depends on the number
 * of classes and not of units. Caches follow every change; {@link forget} drops them.
 */
export class ReadyQueue implements OrderedReadyUnits {
  private changes = 0;
  private headChanges = 0;
  /** Undefined until the first claim: during a rebuild there is no index, and no queue is needed. */
  private loaded: Map<ClassId, LoadedClass> | undefined;
  private byQueue = new Map<QueueName, Map<string, Group>>();
  private readonly ids = new Map<string, ClassId>();
  private readonly selectId: StatementSync;
  private readonly insert: StatementSync;
  private readonly selectLive: StatementSync;
  private readonly selectById: StatementSync;
  private readonly selectAfter: StatementSync;
  private readonly selectFirst: StatementSync;
  private readonly selectOfPriority: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly reader: UnitReader,
    private readonly policies: Policies,
  ) {
    const attributes =
      'queue = ? AND workload = ? AND home = ? AND requirements = ? AND site = ? AND label = ? AND flags = ?';
    this.selectId = database.prepare(`SELECT id FROM unit_class WHERE ${attributes}`);
    this.insert = database.prepare(
      `INSERT INTO unit_class (queue, workload, home, requirements, site, label, flags) VALUES (?, ?, ?, ?, ?, ?, ?)
       RETURNING id`,
    );
    // Jumps from one class with units to the next, because most of the classes that ever existed are empty.
    this.selectLive = database.prepare(
      `WITH RECURSIVE live(id) AS (
         SELECT min(class) FROM unit WHERE class IS NOT NULL
         UNION ALL SELECT (SELECT min(class) FROM unit WHERE class > live.id) FROM live WHERE live.id IS NOT NULL
       ) SELECT unit_class.* FROM live CROSS JOIN unit_class USING (id)`,
    );
    this.selectById = database.prepare('SELECT * FROM unit_class WHERE id = ?');
    const entry = 'SELECT key, priority, id FROM unit WHERE class = ?1';
    const order = 'ORDER BY priority DESC, key';
    this.selectFirst = database.prepare(`${entry} ${order} LIMIT ?2`);
    // Two seeks: a comparison of row values would not use the index, whose parts run in different directions.
    this.selectAfter = database.prepare(
      `SELECT * FROM (${entry} AND priority = ?2 AND key > ?3 ORDER BY key LIMIT ?4)
       UNION ALL SELECT * FROM (${entry} AND priority < ?2 ${order} LIMIT ?4) LIMIT ?4`,
    );
    this.selectOfPriority = database.prepare(`${entry} AND priority = ?2 AND key > ?3 ORDER BY key LIMIT ?4`);
  }

  get version(): number {
    return this.changes;
  }

  get headVersion(): number {
    return this.headChanges;
  }

  *classes(queue: QueueName): Iterable<ReadyClass> {
    this.load();
    for (const group of this.byQueue.get(queue)?.values() ?? []) yield* group.classes;
  }

  classesOf(queue: QueueName, group: string): Iterable<ReadyClass> {
    this.load();
    return this.byQueue.get(queue)?.get(group)?.classes ?? [];
  }

  *inOrder<Index extends ReadyIndex>(
    queue: QueueName,
    name: string,
    kind: IndexKind<Index>,
  ): Generator<void, Index, void> {
    this.load();
    const group = this.byQueue.get(queue)?.get(name);
    if (group === undefined) return kind.create();
    // The name of a kind tells what its indexes are.
    let index = group.indexes.get(kind.name) as Index | undefined;
    if (index === undefined) {
      for (const ready of group.classes) group.moved.add(ready);
      group.indexes.set(kind.name, (index = kind.create()));
    }
    // A unit may have gone from one class to another: both leave their places first, because no two classes have the same head.
    for (const ready of group.moved) for (const each of group.indexes.values()) each.drop(ready);
    let read = 0;
    for (const ready of group.moved) {
      // Those that an abandoned decision leaves are read by the next one.
      if ((read += 1) % HEADS_PER_YIELD === 0) yield;
      const head = group.classes.has(ready) ? this.head(ready) : undefined;
      if (head !== undefined) for (const each of group.indexes.values()) each.put(ready, head);
      group.moved.delete(ready);
    }
    return index;
  }

  head(ready: ReadyClass): ReadyEntry | undefined {
    if (!(ready instanceof LoadedClass)) return undefined;
    ready.isSeen = true;
    const [known] = ready.front;
    if (known !== undefined) return known;
    const first = this.selectFirst.all(ready.id, FRONT_READ).map(entryOf);
    ready.front.push(...first);
    ready.isWhole = first.length < FRONT_READ;
    if (first.length === 0) this.unload(ready);
    return first[0];
  }

  entries(ready: ReadyClass, after: ReadyEntry | undefined, limit: number, priority?: number): readonly ReadyEntry[] {
    if (!(ready instanceof LoadedClass)) return [];
    if (priority !== undefined) {
      return this.selectOfPriority.all(ready.id, priority, after?.key ?? -1, limit).map(entryOf);
    }
    const known = this.known(ready, after, limit);
    if (known !== undefined) return known;
    const rows =
      after === undefined
        ? this.selectFirst.all(ready.id, limit)
        : this.selectAfter.all(ready.id, after.priority, after.key, limit);
    return rows.map(entryOf);
  }

  /** Id of the class with these attributes. Creates the class if it does not exist. */
  classFor({ queue, workload, home, requirements, site, label, isBlocked, isLeased }: ClassKey): ClassId {
    const flags = (isBlocked ? BLOCKED_FLAG : 0) + (isLeased ? LEASED_FLAG : 0);
    const name = `${queue}|${workload}|${home}|${requirements}|${site}|${label}|${flags}`;
    const cached = this.ids.get(name);
    if (cached !== undefined) return cached;
    const values = [queue, workload, home, requirements, site, label, flags] as const;
    const row = this.selectId.get(...values) ?? this.insert.get(...values);
    const id = Number(row?.['id']);
    if (this.ids.size >= CACHE_MAX) this.ids.clear();
    this.ids.set(name, id);
    return id;
  }

  /** A unit joined the class. */
  joined(id: ClassId, { key, priority, id: unitId }: ReadyEntry): void {
    const ready = this.activate(id);
    if (ready === undefined) return;
    const { front } = ready;
    const last = front.at(-1);
    if (last === undefined) this.headImproved(ready);
    if (last === undefined || !isBefore({ key, priority }, last)) {
      // What comes between the last cached entry and this one is known only of a whole class.
      ready.isWhole &&= last !== undefined && front.length < FRONT_MAX;
      if (ready.isWhole) front.push({ key, priority, id: unitId });
      return;
    }
    let at = front.length - 1;
    for (
      let before = front[at - 1];
      before !== undefined && isBefore({ key, priority }, before);
      before = front[at - 1]
    ) {
      at -= 1;
    }
    if (at === 0) this.headImproved(ready);
    front.splice(at, 0, { key, priority, id: unitId });
    if (front.length <= FRONT_MAX) return;
    front.pop();
    ready.isWhole = false;
  }

  /** A unit left the class. */
  left(id: ClassId, key: number): void {
    const ready = this.loaded?.get(id);
    if (ready === undefined) return;
    const { front } = ready;
    const at = front[0]?.key === key ? 0 : front.findIndex((entry) => entry.key === key);
    if (at !== -1) front.splice(at, 1);
    if (at <= 0) this.moved(ready);
  }

  /** Drops cached entries of classes that many units have joined or left. */
  invalidate(changed: Iterable<ClassId>): void {
    for (const id of changed) {
      const ready = this.activate(id);
      if (ready === undefined) continue;
      ready.front.length = 0;
      ready.isWhole = false;
      this.headImproved(ready);
    }
  }

  /** Callers must match classes again, because the status of a workload has changed. */
  invalidateMatches(): void {
    this.changes += 1;
  }

  forget(): void {
    this.loaded = undefined;
    this.byQueue = new Map();
    this.ids.clear();
    this.changes += 1;
  }

  /** Entries of the front, if it is known to have that many or all there are. */
  private known(
    { front, isWhole }: LoadedClass,
    after: ReadyEntry | undefined,
    limit: number,
  ): ReadyEntry[] | undefined {
    const from = after === undefined ? 0 : front.findIndex(({ key }) => key === after.key) + 1;
    if (front.length === 0 || (after !== undefined && from === 0)) return undefined;
    return isWhole || front.length - from >= limit ? front.slice(from, from + limit) : undefined;
  }

  private load(): void {
    if (this.loaded !== undefined) return;
    this.loaded = new Map();
    for (const row of this.selectLive.all()) this.include(this.loaded, row);
  }

  private activate(id: ClassId): LoadedClass | undefined {
    if (this.loaded === undefined) return undefined;
    const present = this.loaded.get(id);
    if (present !== undefined) return present;
    const row = this.selectById.get(id);
    return row === undefined ? undefined : this.include(this.loaded, row);
  }

  private include(loaded: Map<ClassId, LoadedClass>, row: Readonly<Record<string, unknown>>): LoadedClass {
    const { words, workloads } = this.reader;
    const flags = Number(row['flags']);
    const workload = workloads.nameOf(Number(row['workload']));
    const site = words.site.wordOf(Number(row['site']));
    const policy = this.policies.of(workloads.dialectOf(Number(row['workload'])));
    const ready = new LoadedClass(
      Number(row['id']),
      String(row['queue']),
      policy.groupOf?.({ workload, site }) ?? workload,
      workload,
      words.requirements.wordOf(Number(row['requirements'])),
      site,
      row['label'] === 0 ? '' : words.label.wordOf(Number(row['label'])),
      (flags & BLOCKED_FLAG) !== 0,
      (flags & LEASED_FLAG) !== 0,
    );
    loaded.set(ready.id, ready);
    let ofQueue = this.byQueue.get(ready.queue);
    if (ofQueue === undefined) this.byQueue.set(ready.queue, (ofQueue = new Map<string, Group>()));
    let group = ofQueue.get(ready.group);
    if (group === undefined) ofQueue.set(ready.group, (group = new Group()));
    group.classes.add(ready);
    this.moved(ready);
    this.changes += 1;
    return ready;
  }

  private headImproved(ready: LoadedClass): void {
    if (ready.isSeen) this.headChanges += 1;
    ready.isSeen = false;
    this.moved(ready);
  }

  /** Forgets an empty class. Its row stays for later units with the same attributes. */
  private unload(ready: LoadedClass): void {
    this.loaded?.delete(ready.id);
    const ofQueue = this.byQueue.get(ready.queue);
    const group = ofQueue?.get(ready.group);
    this.moved(ready);
    group?.classes.delete(ready);
    if (group?.classes.size === 0) ofQueue?.delete(ready.group);
    this.changes += 1;
  }

  private moved(ready: LoadedClass): void {
    const group = this.byQueue.get(ready.queue)?.get(ready.group);
    // Without an index nobody asks.
    if (group !== undefined && group.indexes.size > 0) group.moved.add(ready);
  }
}
