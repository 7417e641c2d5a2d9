import type { DatabaseSync } from 'node:sqlite';
import type { DomainError } from '#platform/domain-error.js';
import { type Dialect, ref, refOfStream } from '#ledger/ref.js';
import type { Caller } from '#bus/contract.js';
import { type AccessAction, type AccessRule, bypassesRules, authorizeByRule } from '#contracts/access.js';
import { isWorkerOnly } from '#contracts/leases.js';
import type { AppliedEvent, Projection, ProjectionWriter } from './projection.js';

/** Parsed rules kept in memory, by their text: most workloads of a group share few texts. */
const PARSED_RULES_MAX = 4096;

/** Workloads whose rules are kept between two commits. */
const KNOWN_RULES_MAX = 4096;

const LISTS = ['read_groups', 'write_groups', 'read_users', 'write_users'] as const;

/** The lists that a rule has, in the order in which answers show them. */
const listsOf = (rule: AccessRule): AccessRule =>
  Object.fromEntries(LISTS.flatMap((list) => (rule[list] === undefined ? [] : [[list, rule[list]]])));

interface RuleRow {
  readonly initial: string | null;
  readonly amended: string | null;
}

const parse = (text: string | null | undefined): AccessRule => (text == null ? {} : (JSON.parse(text) as AccessRule));

class AccessRulesWriter implements ProjectionWriter {
  private readonly read;
  private readonly write;

  constructor(database: DatabaseSync) {
    this.read = database.prepare('SELECT initial, amended FROM access_rules WHERE ref = ?');
    this.write = database.prepare(
      'INSERT OR REPLACE INTO access_rules (ref, initial, amended, rule) VALUES (?, ?, ?, ?)',
    );
  }

  apply({ type, stream, data }: AppliedEvent): void {
    if (type !== 'WorkloadSubmitted' && type !== 'AccessRuleSet') return;
    const key = refOfStream(stream);
    const row = this.read.get(key) as RuleRow | undefined;
    // The two kinds of stream may arrive in either order; lists that were set later win whatever comes first, and lists
    // that a change leaves out stay as they were (IceProd contract 14).
    const initial = type === 'WorkloadSubmitted' ? listsOf(data['access'] as AccessRule) : parse(row?.initial);
    const amended = type === 'AccessRuleSet' ? { ...parse(row?.amended), ...listsOf(data) } : parse(row?.amended);
    const rule = listsOf({ ...initial, ...amended });
    this.write.run(key, JSON.stringify(initial), JSON.stringify(amended), JSON.stringify(rule));
  }

  forget(): void {
    // There is no state besides the table.
  }
}

/** Access rules of workloads: each service that authorizes callers keeps its own copy. */
export const accessRulesProjection: Projection = {
  name: 'access-rules',
  version: 1,
  streamPrefixes: ['workload-', 'access-'],
  eventTypes: ['WorkloadSubmitted', 'AccessRuleSet'],
  tables: `CREATE TABLE access_rules (
    ref TEXT PRIMARY KEY,
    initial TEXT NOT NULL,
    amended TEXT NOT NULL,
    rule TEXT NOT NULL
  ) WITHOUT ROWID`,
  indexes: '',
  attach: (database) => new AccessRulesWriter(database),
};

/**
 * Reads the rules of {@link accessRulesProjection} through one connection: `queries` to answer, `writer` to decide.
 */
export class StoredAccessRules {
  private readonly read;
  private readonly parsed = new Map<string, AccessRule>();
  /** Rules by workload as of one commit: many reads come between two commits. */
  private readonly known = new Map<string, AccessRule | undefined>();
  private knownAt = -1;

  /** `commits` counts the commits that `database` shows; without it every rule is read again. */
  constructor(
    database: DatabaseSync,
    private readonly commits?: () => number,
  ) {
    this.read = database.prepare('SELECT rule FROM access_rules WHERE ref = ?');
  }

  ruleOf(workloadRef: string): AccessRule | undefined {
    if (this.commits === undefined) return this.readRule(workloadRef);
    const commits = this.commits();
    if (commits !== this.knownAt || this.known.size >= KNOWN_RULES_MAX) {
      this.known.clear();
      this.knownAt = commits;
    }
    if (this.known.has(workloadRef)) return this.known.get(workloadRef);
    const rule = this.readRule(workloadRef);
    this.known.set(workloadRef, rule);
    return rule;
  }

  private readRule(workloadRef: string): AccessRule | undefined {
    const row = this.read.get(workloadRef) as { readonly rule: string } | undefined;
    return row === undefined ? undefined : this.parsedRule(row.rule);
  }

  /** Keyed by text, so that nothing needs to be invalidated. */
  private parsedRule(text: string): AccessRule {
    const known = this.parsed.get(text);
    if (known !== undefined) return known;
    const rule = JSON.parse(text) as AccessRule;
    if (this.parsed.size >= PARSED_RULES_MAX) this.parsed.clear();
    this.parsed.set(text, rule);
    return rule;
  }
}

/** The rules of one dialect's workloads. */
export class AccessRules {
  private readonly stored: StoredAccessRules;

  /** See {@link StoredAccessRules}. */
  constructor(
    database: DatabaseSync,
    private readonly dialect: Dialect,
    commits?: () => number,
  ) {
    this.stored = new StoredAccessRules(database, commits);
  }

  ruleOf(workloadId: string): AccessRule | undefined {
    return this.stored.ruleOf(ref(this.dialect, 'main', workloadId));
  }

  /**
   * Admins, system and pilots pass without a look-up, whether or not the workload exists. So do workers that read: whoever
   * received their request has asked the tasks service about their leases.
   */
  authorize(workloadId: string, action: AccessAction, caller: Caller): DomainError | undefined {
    return bypassesRules(caller) || (action === 'read' && isWorkerOnly(caller))
      ? undefined
      : authorizeByRule(this.ruleOf(workloadId), action, caller.username, caller.groups);
  }
}
