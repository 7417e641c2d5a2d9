import { CHANGEABLE_TAGS } from '#contracts/panda/task-commands.js';
import { CHANGEABLE_RULES, SPLIT_RULE_NAMES, SPLIT_RULES, SplitRules } from './split-rules.js';

it('has a tag of its own for each rule', () => {
  expect(new Set(Object.values(SPLIT_RULES).map(({ tag }) => tag)).size).toBe(SPLIT_RULE_NAMES.length);
});

it('may change the rules that the refusal of others lists', () => {
  const tags = CHANGEABLE_RULES.map((name) => SPLIT_RULES[name].tag);
  expect([...tags].sort()).toEqual([...CHANGEABLE_TAGS].sort());
});

describe('the rules of a document', () => {
  const textOf = (document: Record<string, unknown>): string | null => SplitRules.fromDocument(document).toText();

  it.each([
    [{}, null],
    [{ nFilesPerJob: 3, useSecrets: true }, 'NF=3,ST=1'],
    [{ nFilesPerJob: 0, useSecrets: false, noLoopingCheck: null, debugMode: '' }, null],
    [{ altStageOut: 'force', ipStack: 'IPv6', fullChain: 'require' }, 'AT=3,FU=2,IK=6'],
    [{ nGBPerJob: 'MAX' }, 'NG=MAX'],
    [{ unknownRule: 1 }, null],
  ])('%j', (document, text) => {
    expect(textOf(document)).toBe(text);
  });
});

describe('the attribute', () => {
  it('keeps values with commas', () => {
    const rules = SplitRules.parse('NF=1,AN=2,3,US=3');
    expect(rules.text('addNthFieldToLFN')).toBe('2,3');
    expect(rules.number('nFilesPerJob')).toBe(1);
    expect(rules.toText()).toBe('NF=1,AN=2,3,US=3');
  });

  it('is spelled out with names and words', () => {
    expect(SplitRules.parse('NF=1,US=3,AT=1,ZZ=9').spelledOut()).toBe(
      'nFilesPerJob=1,useScout=updated_requirements,altStageOut=on,ZZ=9',
    );
  });

  it('changes and loses rules', () => {
    const rules = SplitRules.parse('NF=1,MF=200');
    expect(rules.with('nFilesPerJob', 5).toText()).toBe('NF=5,MF=200');
    expect(rules.withTag('NF', undefined).withTag('MF', undefined).toText()).toBe(null);
  });
});
