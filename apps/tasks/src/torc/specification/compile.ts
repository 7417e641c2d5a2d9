import { DomainError } from '#platform/domain-error.js';
import type { JsonMembers } from '#platform/json-object.js';
import { elementsOf, kindOf, membersOf, objectText, stringIn } from '#contracts/raw-json.js';
import { ACTION, type ActionTrigger, isWorkerTrigger } from '#contracts/torc/actions.js';
import {
  COLLECTIONS,
  type Fields,
  JOB_RELATIONS,
  type PlainCollectionName,
  WORKFLOW_CONFIG,
} from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { isLegalKey } from '#contracts/torc/ids.js';
import { normalize, normalizeMembers, plainMembers } from '#contracts/torc/normalize.js';
import { badRequest, illegalKey } from '#contracts/torc/refusals.js';
import {
  JOB_SPECIFICATION,
  PATTERN_RELATIONS,
  type PatternRelation,
  SCHEDULERS,
  SPECIFICATION_LISTS,
  SPECIFIED_WORKFLOW,
} from '#contracts/torc/specification.js';
import { refuseHuge, refuseTooLarge } from '../document/size-limit.js';
import { torcErrors } from '../torc-errors.js';
import { jobCycle } from './job-cycle.js';
import { Names, type Slot } from './names.js';
import { PatternReferences } from './pattern-references.js';
import { Expansion } from './parameters.js';
import { Problems } from '../problems.js';
import { filledCommand } from './variables.js';
import { waits } from './waits.js';
import { readLargeBody, type LargeBody } from '../large-body.js';

export interface SpecifiedDocuments {
  readonly collection: PlainCollectionName;
  /** Of the first; the others follow. */
  readonly slot: Slot;
  /** Raw JSON. */
  readonly documents: readonly string[];
  /** Keys that the caller chose, by place in `documents`. */
  readonly keys: ReadonlyMap<number, string>;
}

export interface SpecifiedJob {
  /** Raw JSON without status and relations. */
  readonly document: string;
  readonly key?: string;
  /** `schedule_compute_nodes` that names a Slurm scheduler of the specification: its id is not known yet. */
  readonly nodes?: { readonly scheduler: Slot; readonly parameters: ScheduledNodes };
}

interface ScheduledNodes {
  readonly scheduler_id: string;
}

/** A job of a specification. */
interface SpecifiedMembers extends Readonly<Partial<Record<PatternRelation, readonly string[]>>> {
  readonly name?: string;
  readonly key?: string;
  readonly command: string;
  readonly schedule_compute_nodes?: ScheduledNodes | null;
  readonly scheduler?: string | null;
  input_files?: readonly string[];
  output_files?: readonly string[];
  input_user_data?: readonly string[];
  output_user_data?: readonly string[];
  blocked_by?: readonly string[];
  readonly resource_requirements?: string;
}

export interface SpecifiedAction {
  /** Raw JSON, without `jobs` and `scheduler`. */
  readonly document: string;
  readonly jobs: readonly Slot[];
  readonly scheduler?: Slot;
}

/** A specification that has been checked: everything is known but key of the workflow and ordinals. */
export interface CompiledSpecification {
  /** Raw JSON of the workflow, its fields normalized. */
  readonly workflow: string;
  readonly key?: string;
  readonly config: string;
  readonly documents: readonly SpecifiedDocuments[];
  readonly jobs: readonly SpecifiedJob[];
  /** Slot of the first job; the others follow. */
  readonly jobSlot: Slot;
  /** From and to, one after the other. */
  readonly edges: ReadonlyMap<EdgeName, readonly Slot[]>;
  readonly actions: readonly SpecifiedAction[];
}

/** Collections in order of creation. Equal documents of the first are stored once (Torc contract 5.18). */
const ORDER: readonly { readonly collection: PlainCollectionName; readonly storesEqualOnce: boolean }[] = [
  { collection: 'files', storesEqualOnce: true },
  ...SCHEDULERS.map((collection) => ({ collection, storesEqualOnce: true })),
  { collection: 'resource_requirements', storesEqualOnce: true },
  { collection: 'user_data', storesEqualOnce: false },
];

const KNOWN = new Set([
  ...Object.keys(SPECIFIED_WORKFLOW),
  ...SPECIFICATION_LISTS,
  ...['schedulers', 'config', 'parameters', 'actions'],
]);

/** Collections whose elements may have parameters. */
const EXPANDED: ReadonlySet<string> = new Set(['files', 'user_data', 'jobs']);

/** Members of the same document in any order give the same text. */
const canonical = (document: string, key: string | undefined): string =>
  objectText([...membersOf(document)].sort(([one], [other]) => (one < other ? -1 : 1))) + (key ?? '');

const parsed = (raw: string): unknown => {
  try {
    return JSON.parse(raw);
  } catch {
    return badRequest('it is not valid JSON');
  }
};

/** An element of a list of a specification, and its place there: one with parameters has become several. */
interface Element {
  /** Raw JSON, if it is valid. */
  readonly raw: string;
  readonly at: number;
}

interface SpecifiedDocument {
  readonly document: string;
  readonly name: string | undefined;
  readonly key: string | undefined;
}

const nameIn = (members: JsonMembers): string | undefined => {
  const { name } = members;
  return typeof name === 'string' ? name : undefined;
};

const normalizedDocument = (fields: Fields, raw: string): SpecifiedDocument | DomainError => {
  const value = parsed(raw);
  if (value instanceof DomainError) return value;
  const plain = plainMembers(fields, value);
  if (plain !== undefined) return { document: JSON.stringify(plain), name: nameIn(plain), key: undefined };
  const normalized = normalize(fields, raw, 'post');
  if (normalized instanceof DomainError) return normalized;
  const { document, key } = normalized;
  return { document, name: nameIn(JSON.parse(document) as JsonMembers), key };
};

/** Nothing in a job is lost when it is parsed: it has no free data. */
const normalizedJob = (raw: string): SpecifiedMembers | DomainError => {
  const value = parsed(raw);
  if (value instanceof DomainError) return value;
  const plain = plainMembers(JOB_SPECIFICATION, value);
  // It has been checked, field by field.
  if (plain !== undefined) return plain as object as SpecifiedMembers;
  const normalized = normalize(JOB_SPECIFICATION, raw, 'post');
  if (normalized instanceof DomainError) return normalized;
  const { document, key } = normalized;
  // Others list jobs with `_key`, as all other documents of a specification.
  const members = JSON.parse(document) as SpecifiedMembers;
  if (key === undefined || members.key === key) return members;
  return members.key === undefined ? { ...members, key } : badRequest('key and _key are not the same');
};

/** Fields of a specified job that are not in its document. */
const NOT_STORED: ReadonlySet<string> = new Set([
  'key',
  ...Object.keys(JOB_RELATIONS),
  ...Object.keys(PATTERN_RELATIONS),
]);

/** Relations of a job: the edge that each becomes, and what it names. */
const RELATIONS = {
  input_files: ['needs', 'files'],
  output_files: ['produces', 'files'],
  input_user_data: ['consumes', 'user_data'],
  output_user_data: ['stores', 'user_data'],
} as const satisfies Partial<Record<keyof SpecifiedMembers, readonly [EdgeName, PlainCollectionName]>>;
const RELATION_NAMES = Object.keys(RELATIONS) as (keyof typeof RELATIONS)[];

const PATTERN_NAMES = Object.keys(PATTERN_RELATIONS) as PatternRelation[];

/** A job is related once to each, however often it names it. */
const distinct = (names: readonly string[]): Iterable<string> => (names.length > 1 ? new Set(names) : names);

const ACTIONS_MAX = 100;
/** Whether an action is due is asked often, and looks at each of them. */
const ACTION_JOBS_MAX = 1_000;

/** Jobs of a cycle that a refusal names. */
const CYCLE_NAMES_MAX = 20;

/** Checks a specification and resolves its names. One object per specification. */
class Compiler {
  private readonly problems = new Problems();
  private readonly documents: SpecifiedDocuments[] = [];
  private readonly names = new Map<PlainCollectionName | 'jobs', Names>();
  private readonly edges = new Map<EdgeName, Slot[]>();
  private readonly jobs: SpecifiedJob[] = [];
  private readonly patterns = new PatternReferences();
  private nextSlot: Slot = 0;

  constructor(private readonly text: LargeBody) {}

  *run(): Generator<void, CompiledSpecification | DomainError, void> {
    const unknown = [...this.text.values.keys()].find((name) => !KNOWN.has(name));
    if (unknown !== undefined) return badRequest(`${unknown.slice(0, 100)} is not a known field`);
    for (const list of SPECIFICATION_LISTS) if (this.text.values.has(list)) return badRequest(`${list} must be a list`);
    const workflow = this.workflow();
    if (workflow instanceof DomainError) return workflow;
    const config = normalize(WORKFLOW_CONFIG, this.text.values.get('config') ?? '{}', 'post');
    if (config instanceof DomainError) return badRequest(`config: ${config.message}`);
    const tooLarge = refuseTooLarge(workflow.workflow) ?? refuseTooLarge(config.document);
    if (tooLarge !== undefined) return tooLarge;
    const schedulers = this.schedulers();
    if (schedulers instanceof DomainError) return schedulers;
    const expansion = Expansion.of(this.text.values.get('parameters'));
    if (expansion instanceof DomainError) return expansion;
    for (const { collection, storesEqualOnce } of ORDER) {
      yield* this.compileDocuments(
        collection,
        this.elements(collection, schedulers.get(collection), expansion),
        storesEqualOnce,
      );
    }
    const jobSlot = this.nextSlot;
    yield* this.compileJobs(this.elements('jobs', undefined, expansion));
    const actions = yield* this.actions();
    const refusal = this.problems.refusal() ?? (yield* this.cycle(jobSlot));
    if (refusal !== undefined) return refusal;
    const { documents, jobs, edges } = this;
    return { ...workflow, config: config.document, documents, jobs, jobSlot, edges, actions };
  }

  private workflow(): Pick<CompiledSpecification, 'workflow' | 'key'> | DomainError {
    const own = [...this.text.values].filter(([name]) => Object.hasOwn(SPECIFIED_WORKFLOW, name));
    const normalized = normalizeMembers(SPECIFIED_WORKFLOW, objectText(own), 'post');
    if (normalized instanceof DomainError) return normalized;
    const members = new Map(normalized.members);
    const raw = members.get('key');
    if (raw === undefined) return { workflow: objectText(members) };
    members.delete('key');
    const key = stringIn(raw);
    return isLegalKey(key) ? { workflow: objectText(members), key } : illegalKey(raw);
  }

  /** Elements of a list, those with parameters expanded. */
  private *elements(
    list: string,
    own: readonly string[] | undefined,
    expansion: Expansion,
  ): Generator<Element, void, void> {
    for (const [at, raw] of (own ?? this.text.lists.get(list) ?? []).entries()) {
      for (const expanded of EXPANDED.has(list) ? expansion.expand(raw) : [raw]) {
        if (expanded instanceof DomainError) this.problems.add(`${list}[${at}]`, expanded);
        else yield { raw: expanded, at };
      }
      if (this.problems.areEnough) return;
    }
  }

  private schedulers(): ReadonlyMap<string, readonly string[]> | DomainError {
    const raw = this.text.values.get('schedulers') ?? '{}';
    if (kindOf(raw) !== 'object') return badRequest('schedulers must be an object');
    const lists = new Map<string, readonly string[]>();
    for (const [name, list] of membersOf(raw)) {
      if (!(SCHEDULERS as readonly string[]).includes(name)) {
        return badRequest(`schedulers.${name.slice(0, 100)} is not a known field`);
      }
      if (kindOf(list) !== 'array') return badRequest(`schedulers.${name} must be a list`);
      lists.set(name, elementsOf(list));
    }
    return lists;
  }

  private *compileDocuments(
    collection: PlainCollectionName,
    elements: Iterable<Element>,
    storesEqualOnce: boolean,
  ): Generator<void, void, void> {
    const documents: string[] = [];
    const keys = new Map<number, string>();
    const names = new Names();
    const taken = new Set<string>();
    const equals = new Set<string>();
    const slot = this.nextSlot;
    const { fields, noun }: { readonly fields: Fields; readonly noun: string } = COLLECTIONS[collection];
    for (const { raw, at } of elements) {
      if (this.problems.areEnough) return;
      yield;
      const normalized = normalizedDocument(fields, raw);
      if (normalized instanceof DomainError) {
        this.problems.add(`${collection}[${at}]`, normalized);
        continue;
      }
      const { document, name, key } = normalized;
      const earlier = name === undefined ? undefined : names.find(name);
      if (storesEqualOnce && (name === undefined || earlier !== undefined)) {
        if (typeof earlier === 'number') {
          equals.add(canonical(documents[earlier - slot] ?? '{}', keys.get(earlier - slot)));
        }
        const text = canonical(document, key);
        if (equals.has(text)) continue;
        equals.add(text);
      }
      const tooLarge = refuseHuge(document);
      if (tooLarge !== undefined) this.problems.add(`${collection}[${at}]`, tooLarge);
      if (key !== undefined) {
        if (taken.has(key)) this.problems.add(`${collection}[${at}]`, torcErrors.keyTaken(noun, key));
        taken.add(key);
        keys.set(documents.length, key);
      }
      if (name !== undefined) names.add(name, slot + documents.length);
      documents.push(document);
    }
    this.names.set(collection, names);
    this.nextSlot += documents.length;
    if (documents.length > 0) this.documents.push({ collection, slot, documents, keys });
  }

  private *compileJobs(elements: Iterable<Element>): Generator<void, void, void> {
    const names = new Names();
    const taken = new Set<string>();
    const related: { readonly slot: Slot; readonly label: string; readonly members: SpecifiedMembers }[] = [];
    this.names.set('jobs', names);
    for (const { raw, at } of elements) {
      if (this.problems.areEnough) return;
      yield;
      const given = normalizedJob(raw);
      if (given instanceof DomainError) {
        this.problems.add(`jobs[${at}]`, given);
        continue;
      }
      const members = given.command.includes('${') ? this.withVariables(given) : given;
      const { name, key, blocked_by: blockers = [] } = members;
      const hasPatterns = PATTERN_NAMES.some((pattern) => members[pattern] !== undefined);
      const slot = this.nextSlot++;
      const label = name === undefined ? `jobs[${at}]` : `job ${JSON.stringify(name.slice(0, 100))}`;
      if (name !== undefined) names.add(name, slot);
      if (key !== undefined) {
        if (!isLegalKey(key)) this.problems.add(label, illegalKey(JSON.stringify(key)));
        if (taken.has(key)) this.problems.add(label, torcErrors.keyTaken('job', key));
        taken.add(key);
      }
      if (blockers.length > 0 || hasPatterns) related.push({ slot, label, members });
      this.jobs.push(this.job(members, slot, label));
    }
    // A job may be blocked by a later one.
    for (const { slot, label, members } of related) {
      if (this.problems.areEnough) return;
      yield;
      const blockers = distinct(members.blocked_by ?? []);
      for (const name of blockers) {
        const blocker = this.resolve('jobs', name, `${label}: blocked_by`);
        if (blocker !== undefined) this.addEdge('blocks', blocker, slot);
      }
      for (const pattern of PATTERN_NAMES) yield* this.relateByPatterns(members, pattern, slot, label);
    }
  }

  /** Adds the edges to what patterns find, besides those that the job names. */
  private *relateByPatterns(
    members: SpecifiedMembers,
    field: PatternRelation,
    slot: Slot,
    label: string,
  ): Generator<void, void, void> {
    const patterns = members[field];
    if (patterns === undefined) return;
    const relation = PATTERN_RELATIONS[field];
    const [edge, target] = relation === 'blocked_by' ? (['blocks', 'jobs'] as const) : RELATIONS[relation];
    const named = new Set((members[relation] ?? []).map((name) => this.names.get(target)?.find(name)));
    const found = yield* this.matching(patterns, target, `${label}: ${field}`);
    for (const other of found) {
      yield;
      if (other === slot || named.has(other)) continue;
      if (edge === 'blocks') this.addEdge(edge, other, slot);
      else this.addEdge(edge, slot, other);
    }
  }

  private *matching(
    patterns: readonly string[],
    target: PlainCollectionName | 'jobs',
    place: string,
  ): Generator<void, ReadonlySet<Slot>, void> {
    const all = new Set<Slot>();
    for (const pattern of patterns) {
      const found = yield* this.patterns.find(pattern, this.names.get(target) ?? new Names());
      // A list may have many patterns for few names.
      yield;
      if (found instanceof DomainError) this.problems.add(place, found);
      else for (const slot of found) all.add(slot);
    }
    return all;
  }

  /** The job with the variables of its command filled in: they declare what it needs and makes. */
  private withVariables(members: SpecifiedMembers): SpecifiedMembers {
    const { command, references } = filledCommand(members.command, ({ target, direction, name }) => {
      const slot = this.names.get(target)?.find(name);
      if (typeof slot !== 'number') return undefined;
      const documents = this.documents.find(({ collection }) => collection === target);
      const fields = membersOf(documents?.documents[slot - documents.slot] ?? '{}');
      if (target === 'files') return stringIn(fields.get('path') ?? '""');
      return direction === 'input' ? (fields.get('data') ?? name) : name;
    });
    const relations = { ...members, command };
    for (const { target, direction, name } of references) {
      const field = `${direction}_${target}` as const;
      relations[field] = [...(relations[field] ?? []), name];
    }
    return relations;
  }

  private job(members: SpecifiedMembers, slot: Slot, label: string): SpecifiedJob {
    for (const relation of RELATION_NAMES) {
      const [edge, collection] = RELATIONS[relation];
      this.relate(edge, slot, collection, members[relation], `${label}: ${relation}`);
    }
    const { resource_requirements: group, scheduler, key } = members;
    if (group !== undefined) this.relate('requires', slot, 'resource_requirements', [group], label);
    if (typeof scheduler === 'string' && scheduler !== '') this.schedule(scheduler, slot, `${label}: scheduler`);
    const nodes = this.nodes(members.schedule_compute_nodes, label);
    const own: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(members)) if (!NOT_STORED.has(name)) own[name] = value;
    if (nodes !== undefined) delete own['schedule_compute_nodes'];
    const document = JSON.stringify(own);
    const tooLarge = refuseTooLarge(document);
    if (tooLarge !== undefined) this.problems.add(label, tooLarge);
    return { document, ...(key === undefined ? {} : { key }), ...(nodes === undefined ? {} : { nodes }) };
  }

  private relate(
    edge: EdgeName,
    slot: Slot,
    collection: PlainCollectionName,
    names: readonly string[] | undefined,
    place: string,
  ): void {
    if (names === undefined) return;
    for (const name of distinct(names)) {
      const target = this.resolve(collection, name, place);
      if (target !== undefined) this.addEdge(edge, slot, target);
    }
  }

  private *actions(): Generator<void, readonly SpecifiedAction[], void> {
    const raw = this.text.values.get('actions') ?? '[]';
    const elements = kindOf(raw) === 'array' ? elementsOf(raw) : undefined;
    if (elements === undefined || elements.length > ACTIONS_MAX) {
      this.problems.add('actions', badRequest(`a list of at most ${ACTIONS_MAX} actions is expected`));
      return [];
    }
    const actions: SpecifiedAction[] = [];
    for (const [at, element] of elements.entries()) {
      const action = yield* this.action(element, `actions[${at}]`);
      if (action !== undefined) actions.push(action);
    }
    return actions;
  }

  private *action(raw: string, place: string): Generator<void, SpecifiedAction | undefined, void> {
    const normalized = normalize(ACTION, raw, 'post');
    if (normalized instanceof DomainError) {
      this.problems.add(place, normalized);
      return undefined;
    }
    const fields = JSON.parse(normalized.document) as ActionFields;
    const { jobs: names = [], job_name_regexes: patterns = [], scheduler: named, ...own } = fields;
    const problem = problemOfAction(own, names.length + patterns.length > 0, named);
    if (problem !== undefined) this.problems.add(place, badRequest(problem));
    const all = new Set(names.flatMap((name) => this.resolve('jobs', name, `${place}: jobs`) ?? []));
    for (const slot of yield* this.matching(patterns, 'jobs', `${place}: job_name_regexes`)) all.add(slot);
    if (all.size > ACTION_JOBS_MAX) this.problems.add(place, badRequest(`jobs may be at most ${ACTION_JOBS_MAX}`));
    const { collection, name } = partsOfScheduler(named ?? '');
    const scheduler = collection === 'slurm_schedulers' ? this.resolve(collection, name, place) : undefined;
    return { document: JSON.stringify(own), jobs: [...all], ...(scheduler !== undefined && { scheduler }) };
  }

  private schedule(scheduler: string, slot: Slot, place: string): void {
    const { collection, name } = partsOfScheduler(scheduler);
    if (collection === undefined) {
      const given = JSON.stringify(scheduler.slice(0, 100));
      this.problems.add(place, badRequest(`${given} must be ${SCHEDULERS.join(' or ')}, a slash and a name`));
      return;
    }
    const target = this.resolve(collection, name, place);
    if (target !== undefined) this.addEdge('scheduled_bys', slot, target);
  }

  private nodes(parameters: ScheduledNodes | null | undefined, label: string): SpecifiedJob['nodes'] {
    if (parameters === null || parameters === undefined) return undefined;
    const { collection, name } = partsOfScheduler(parameters.scheduler_id);
    if (collection !== 'slurm_schedulers') return undefined;
    const scheduler = this.resolve(collection, name, `${label}: schedule_compute_nodes`);
    return scheduler === undefined ? undefined : { scheduler, parameters };
  }

  private resolve(collection: PlainCollectionName | 'jobs', name: string, place: string): Slot | undefined {
    const found = this.names.get(collection)?.find(name);
    if (typeof found === 'number') return found;
    const quoted = JSON.stringify(name.slice(0, 100));
    const many = found === 'many' ? `more than one of the ${collection} is` : `none of the ${collection} is`;
    this.problems.add(place, badRequest(`${many} named ${quoted}`));
    return undefined;
  }

  private addEdge(edge: EdgeName, from: Slot, to: Slot): void {
    let ends = this.edges.get(edge);
    if (ends === undefined) this.edges.set(edge, (ends = []));
    ends.push(from, to);
  }

  private *cycle(jobSlot: Slot): Generator<void, DomainError | undefined, void> {
    const found = yield* jobCycle(yield* waits(this.edges));
    // Files and user data are in it too.
    const cycle = found?.filter((slot) => slot >= jobSlot);
    if (cycle === undefined) return undefined;
    const names = cycle.slice(0, CYCLE_NAMES_MAX).map((slot) => {
      const at = slot - jobSlot;
      const { name } = JSON.parse(this.jobs[at]?.document ?? '{}') as { readonly name?: string };
      return (name ?? `jobs[${at}]`).slice(0, 100);
    });
    return badRequest(
      `jobs block each other in a cycle: ${names.join(', ')}${cycle.length > names.length ? ' and others' : ''}`,
    );
  }
}

interface ActionFields {
  readonly trigger_type: ActionTrigger;
  readonly action_type: 'run_commands' | 'schedule_nodes';
  readonly commands?: readonly string[];
  readonly jobs?: readonly string[];
  readonly job_name_regexes?: readonly string[];
  readonly scheduler?: string;
}

/** What of an action does not fit together. */
const problemOfAction = (
  { trigger_type: trigger, action_type: type, commands = [] }: ActionFields,
  namesJobs: boolean,
  scheduler: string | undefined,
): string | undefined => {
  const isOnJobs = trigger === 'on_jobs_ready' || trigger === 'on_jobs_complete';
  if (isOnJobs !== namesJobs) return isOnJobs ? `${trigger} needs jobs` : `${trigger} takes no jobs`;
  if (type === 'run_commands') return commands.length > 0 ? undefined : 'run_commands needs commands';
  if (isWorkerTrigger(trigger)) return `${trigger} takes run_commands`;
  return scheduler?.startsWith('slurm_schedulers/') === true
    ? undefined
    : 'schedule_nodes needs a scheduler slurm_schedulers/<name>';
};

/** Parts of `collection/name`. */
const partsOfScheduler = (text: string): { collection: (typeof SCHEDULERS)[number] | undefined; name: string } => {
  const slash = text.indexOf('/');
  return { collection: SCHEDULERS.find((known) => known === text.slice(0, slash)), name: text.slice(slash + 1) };
};

/**
 * Checks the body of `POST /workflow_specifications` (Torc contract 5.18) and resolves its names, a piece between two yields.
 * Refuses with the first problems (400).
 */
export function* compileSpecification(body: string): Generator<void, CompiledSpecification | DomainError, void> {
  const text = yield* readLargeBody(body, SPECIFICATION_LISTS);
  return text instanceof DomainError ? text : yield* new Compiler(text).run();
}
