interface SplitRule {
  readonly tag: string;
  /** May be changed by `task/change_split_rule`, and is taken over by incremental execution. */
  readonly isChangeable?: true;
  /** Words that parameter documents use for values. */
  readonly words?: Readonly<Record<string, string>>;
}

const fixed = (tag: string, words?: Readonly<Record<string, string>>): SplitRule =>
  words === undefined ? { tag } : { tag, words };
const changeable = (tag: string, words?: Readonly<Record<string, string>>): SplitRule => ({
  ...fixed(tag, words),
  isChangeable: true,
});

/** The split rules of tasks by their long names (PanDA contract 9.6). */
export const SPLIT_RULES = {
  allowEmptyInput: fixed('AE'),
  allowIncompleteInDS: changeable('AI'),
  addNthFieldToLFN: fixed('AN'),
  allowPartialFinish: fixed('AP'),
  altStageOut: fixed('AT', { on: '1', off: '2', force: '3' }),
  avoidVP: changeable('AV'),
  maxCoreCount: changeable('CC'),
  cloudAsVO: fixed('CV'),
  ddmBackEnd: fixed('DE'),
  disableAutoFinish: fixed('DF'),
  disableReassign: fixed('DI'),
  debugMode: fixed('DM'),
  disableAutoRetry: fixed('DR'),
  dynamicNumEvents: fixed('DY'),
  nEsConsumers: changeable('EC'),
  nEventsPerInput: fixed('EI'),
  encJobParams: fixed('EJ'),
  nEventsPerWorker: changeable('ES'),
  firstContentsFeed: fixed('FC'),
  failGoalUnreached: fixed('FG'),
  fineGrainedProc: fixed('FP'),
  firstEvent: fixed('FT'),
  fullChain: fixed('FU', { only: '1', require: '2', capable: '3' }),
  groupBoundaryID: fixed('GB'),
  hpoWorkflow: fixed('HO'),
  instantiateTmplSite: fixed('IA'),
  inFilePosEvtNum: fixed('IF'),
  ipStack: fixed('IK', { IPv4: '4', IPv6: '6' }),
  allowInputLAN: changeable('IL', { use: '1', only: '2' }),
  ignoreMissingInDS: changeable('IM'),
  intermediateTask: fixed('IN'),
  ipConnectivity: fixed('IP', { full: '1', http: '2' }),
  inputPreStaging: fixed('IS'),
  instantiateTmpl: fixed('IT'),
  allowInputWAN: fixed('IW'),
  noLoopingCheck: changeable('LC'),
  useLocalIO: changeable('LI'),
  limitedSites: fixed('LS', { with_allowlist: '1', with_denylist: '2', with_allow_and_denylist: '3' }),
  loadXML: fixed('LX'),
  minCpuEfficiency: fixed('MC'),
  messageDriven: fixed('MD'),
  mergeEsOnOS: fixed('ME'),
  nMaxFilesPerJob: changeable('MF'),
  maxJumboPerSite: fixed('MJ'),
  maxNumJobs: fixed('MN'),
  mergeOutput: fixed('MO'),
  multiStepExec: fixed('MS'),
  maxWalltime: fixed('MW'),
  maxEventsPerJob: fixed('MX'),
  noExecStrCnv: fixed('NC'),
  notDiscardEvents: fixed('ND'),
  nEventsPerJob: fixed('NE'),
  nFilesPerJob: changeable('NF'),
  nGBPerJob: changeable('NG'),
  noInputPooling: changeable('NI'),
  nJumboJobs: changeable('NJ'),
  noAutoPause: changeable('NP'),
  nSitesPerJob: fixed('NS'),
  nChunksToWait: fixed('NT'),
  noWaitParent: fixed('NW'),
  orderInputBy: fixed('OI'),
  orderByLB: fixed('OL'),
  onSiteMerging: fixed('OM'),
  osMatching: fixed('OS'),
  onlyTagsForFC: changeable('OT'),
  pushStatusChanges: fixed('PC'),
  pushJob: fixed('PJ'),
  pfnList: fixed('PL'),
  putLogToOS: fixed('PO'),
  runUntilClosed: fixed('RC'),
  registerDatasets: fixed('RD'),
  registerEsFiles: fixed('RE'),
  respectLB: fixed('RL'),
  retryModuleRules: fixed('RM'),
  reuseSecOnDemand: fixed('RO'),
  releasePerLB: fixed('RP'),
  respectSplitRule: fixed('RR'),
  randomSeed: fixed('RS'),
  retryRamOffset: fixed('RX'),
  retryRamStep: fixed('RY'),
  retryRamMax: fixed('RZ'),
  resurrectConsumers: fixed('SC'),
  switchEStoNormal: fixed('SE'),
  stayOutputOnSite: fixed('SO'),
  scoutSuccessRate: fixed('SS'),
  useSecrets: fixed('ST'),
  segmentedWork: fixed('SW'),
  totNumJobs: fixed('TJ'),
  tgtMaxOutputForNG: fixed('TN'),
  t1Weight: changeable('TW'),
  useBuild: fixed('UB'),
  useJobCloning: fixed('UC'),
  useRealNumEvents: fixed('UE'),
  useFileAsSourceLFN: fixed('UF'),
  usePrePro: fixed('UP', { toPreProcess: '1', preProcessed: '2', postPProcess: '3' }),
  useScout: fixed('US', { no_use: '1', will_update_requirements: '2', updated_requirements: '3' }),
  usePrefetcher: fixed('UT'),
  useExhausted: fixed('UX'),
  useZipToPin: changeable('UZ'),
  writeInputToFile: fixed('WF'),
  workflowHoldup: fixed('WH'),
  waitInput: fixed('WI'),
  maxAttemptES: fixed('XA'),
  decAttOnFailedES: fixed('XF'),
  maxAttemptEsJob: fixed('XJ'),
  nEventsPerMergeJob: fixed('ZE'),
  nFilesPerMergeJob: fixed('ZF'),
  nGBPerMergeJob: fixed('ZG'),
  nMaxFilesPerMergeJob: fixed('ZM'),
} as const satisfies Readonly<Record<string, SplitRule>>;

export type SplitRuleName = keyof typeof SPLIT_RULES;

export const SPLIT_RULE_NAMES = Object.keys(SPLIT_RULES) as readonly SplitRuleName[];

const ruleOf = (name: SplitRuleName): SplitRule => SPLIT_RULES[name];
const nameOfTag = new Map(SPLIT_RULE_NAMES.map((name) => [ruleOf(name).tag, name]));

export const CHANGEABLE_RULES = SPLIT_RULE_NAMES.filter((name) => ruleOf(name).isChangeable === true);

/** Values by tag, as the attribute `splitRule` of a task has them: `NF=1,MF=200`. A value may contain commas. */
export class SplitRules {
  private constructor(private readonly byTag: ReadonlyMap<string, string>) {}

  static parse(text: string | null): SplitRules {
    const byTag = new Map<string, string>();
    let tag: string | undefined;
    for (const piece of text === null || text === '' ? [] : text.split(',')) {
      const [, begun, value] = /^([A-Z][A-Z])=(.*)$/su.exec(piece) ?? [];
      if (begun !== undefined && value !== undefined) byTag.set((tag = begun), value);
      else if (tag !== undefined) byTag.set(tag, `${byTag.get(tag)},${piece}`);
    }
    return new SplitRules(byTag);
  }

  /** The rules that a parameter document asks for. False, null, 0 and the empty text ask for none. */
  static fromDocument(document: Readonly<Record<string, unknown>>): SplitRules {
    return SPLIT_RULE_NAMES.reduce(
      (rules, name) => (document[name] === undefined ? rules : rules.with(name, document[name])),
      new SplitRules(new Map()),
    );
  }

  text(name: SplitRuleName): string | undefined {
    return this.byTag.get(ruleOf(name).tag);
  }

  has(name: SplitRuleName): boolean {
    return this.byTag.has(ruleOf(name).tag);
  }

  /** The value as a number; undefined when there is none, when it is a word, and when it is not above zero, which limits nothing. */
  number(name: SplitRuleName): number | undefined {
    const text = this.text(name);
    const value = text === undefined || text === '' ? NaN : Number(text);
    return Number.isFinite(value) && value > 0 ? value : undefined;
  }

  /** With another value of a rule, or without it if the value asks for none. */
  with(name: SplitRuleName, value: unknown): SplitRules {
    return this.withTag(ruleOf(name).tag, codeOf(ruleOf(name), value));
  }

  withTag(tag: string, value: string | undefined): SplitRules {
    const byTag = new Map(this.byTag);
    if (value === undefined) byTag.delete(tag);
    else byTag.set(tag, value);
    return new SplitRules(byTag);
  }

  /** With all rules of others in place of those of the same names. */
  overlaid(others: SplitRules): SplitRules {
    return new SplitRules(new Map([...this.byTag, ...others.byTag]));
  }

  /** The attribute `splitRule`; null when there are no rules. */
  toText(): string | null {
    if (this.byTag.size === 0) return null;
    return [...this.byTag].map(([tag, value]) => `${tag}=${value}`).join(',');
  }

  /** With long names, and words for values that have them (contract 6.10, `get_detailed_info`). */
  spelledOut(): string {
    return [...this.byTag]
      .map(([tag, value]) => {
        const name = nameOfTag.get(tag);
        return name === undefined ? `${tag}=${value}` : `${name}=${wordOf(ruleOf(name), value)}`;
      })
      .join(',');
  }
}

const codeOf = ({ words = {} }: SplitRule, value: unknown): string | undefined => {
  if (value === true) return '1';
  if (typeof value === 'number') return value === 0 ? undefined : String(value);
  if (typeof value !== 'string' || value === '') return undefined;
  return words[value] ?? value;
};

const wordOf = ({ words = {} }: SplitRule, code: string): string =>
  Object.entries(words).find(([, value]) => value === code)?.[0] ?? code;
