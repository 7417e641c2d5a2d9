import type { SplitRuleName, SplitRules } from '../refine/split-rules.js';

/** Tokens of `specialHandling` by the split rule that a task has for them (PanDA contract 3.4.1). */
const TOKENS: readonly (readonly [SplitRuleName, string])[] = [
  ['useSecrets', 'us'],
  ['debugMode', 'debug'],
  ['noLoopingCheck', 'lc'],
  ['encJobParams', 'ej'],
  ['noExecStrCnv', 'nc'],
  ['writeInputToFile', 'wf'],
  ['inFilePosEvtNum', 'if'],
  ['inputPreStaging', 'ip'],
  ['dynamicNumEvents', 'dy'],
  ['putLogToOS', 'po'],
  ['pushStatusChanges', 'pc'],
  ['pushJob', 'pj'],
  ['usePrefetcher', 'up'],
  ['onSiteMerging', 'om'],
  ['hpoWorkflow', 'ho'],
  ['useZipToPin', 'uz'],
];

/** Tokens that only jobs of the event service have. */
const EVENT_SERVICE_TOKENS: typeof TOKENS = [
  ['allowPartialFinish', 'ap'],
  ['notDiscardEvents', 'de'],
  ['decAttOnFailedES', 'df'],
  ['registerEsFiles', 're'],
  ['resurrectConsumers', 'rs'],
  ['mergeEsOnOS', 'mo'],
];

const CLONING_TOKENS: Readonly<Record<string, string>> = { runonce: 'sc:1', storeonce: 'sc:2' };
/** `altStageOut` is switched off by this value. */
const OFF = '2';

/** What `specialHandling` says of a job; null when it says nothing. */
export const specialHandling = (
  rules: SplitRules,
  { isScout, isEventService }: { readonly isScout: boolean; readonly isEventService: boolean },
): string | null => {
  const cloning = rules.text('useJobCloning');
  const tokens = [
    ...(isEventService ? ['eventservice'] : []),
    ...(isEventService && cloning !== undefined ? [CLONING_TOKENS[cloning] ?? 'sc:1'] : []),
    ...(isScout ? ['sj'] : []),
    ...(rules.has('altStageOut') && rules.text('altStageOut') !== OFF ? ['ao'] : []),
    ...(isEventService ? [...TOKENS, ...EVENT_SERVICE_TOKENS] : TOKENS).flatMap(([rule, token]) =>
      rules.has(rule) ? [token] : [],
    ),
  ];
  return tokens.length === 0 ? null : tokens.join(',');
};
