import { valueOf } from './arithmetic.js';
import { commandLine, type CommandValues, outputNames, type Stream } from './placeholders.js';

const stream = (...names: string[]): Stream => ({ names, dataset: 'user.demo:user.demo.in/' });
const VALUES: CommandValues = {
  taskId: 10_000_123,
  attemptNr: 2,
  serial: 7,
  events: 0,
  isEventService: false,
  streams: new Map([
    ['ONE', stream('data.1.root')],
    ['IN', stream('data._000001.root', 'data._000002.root', 'data._000004.root')],
    ['MIXED', stream('alpha.root', 'beta.root')],
    ['NUMBERS', stream('1', '12', '123')],
    ['QUOTED', stream('a%20b', 'a%2Cb')],
    ['NONE', stream()],
    ['OUTPUT0', stream('user.demo.10000123._000007.out.txt')],
  ]),
};
const expand = (template: string, values: Partial<CommandValues> = {}): string =>
  commandLine(template, { ...VALUES, ...values });

describe('the command line of a job', () => {
  // The rows of the table of contract 9.4.
  it.each([
    ['${ONE}', 'data.1.root'],
    ['${IN}', 'data._[000001,000002,000004].root'],
    ['${MIXED}', 'alpha.root,beta.root'],
    ['${NUMBERS}', '[1,12,123]'],
    ['${NONE}', ''],
    ['${OUTPUT0}', 'user.demo.10000123._000007.out.txt'],
    ['${IN/L}', 'data._000001.root,data._000002.root,data._000004.root'],
    ['${MIXED/L/A}', "'alpha.root','beta.root'"],
    ['${MIXED/L/S}', 'alpha.root beta.root'],
    ['${MIXED/T}', "['alpha.root', 'beta.root']"],
    ['${ONE/T}', "['data.1.root']"],
    ['${MIXED/F}', 'tmpin_user.demo.in'],
    ['${QUOTED/E}', 'a b,a,b'],
    ['${NUMBERS/M[#*2]}', '2,24,246'],
    ['${NUMBERS/M[(#+1)*10]}', '20,130,1240'],
    ['${MIXED/M[#*2]}', '${MIXED/M[#*2]}'],
    ['${IN[0:2]}', 'data._[000001,000002].root'],
    ['${IN[1:]/L}', 'data._000002.root,data._000004.root'],
    ['${IN[:-2]}', 'data._000001.root'],
    ['${ONE,MIXED}', 'data.1.root,alpha.root,beta.root'],
    ['${SN} ${SN/P} ${SN:04d} ${SN:d}', '7 000007 0007 7'],
    ['${SKIPEVENTS} ${MAXEVENTS}', '0 -1'],
    ['${ATTEMPTNR} [${MIDDLENAME}]', '2 []'],
    ['$JEDITASKID', '10000123'],
    ['${RNDMSEED} ${FIRSTEVENT} ${SURL} ${LIB}', '${RNDMSEED} ${FIRSTEVENT} ${SURL} ${LIB}'],
    ['${HOME} ${ONE,GONE} ${ONE/X} $HOME', '${HOME} ${ONE,GONE} ${ONE/X} $HOME'],
    ['a<PANDA_ES_ONLY> --es</PANDA_ES_ONLY> b', 'a b'],
  ])('expands %s', (template, expected) => {
    expect(expand(template)).toBe(expected);
  });

  it('has numbers, library and segment where the job has them', () => {
    const template =
      '${RNDMSEED} ${FIRSTEVENT} ${SKIPEVENTS} ${MAXEVENTS} ${SURL} ${LIB} ${SEGMENT_ID} ${SEGMENT_NAME}';
    const values = { seed: 11, firstEvent: 0, skipEvents: 100, events: 50, sourceUrl: 'https://h:1', library: 'l.tgz' };
    expect(expand(template, { ...values, segment: { id: 5, name: 'seg' } })).toBe(
      '11 0 100 50 https://h:1 l.tgz 5 seg',
    );
  });

  it('keeps what is for the event service only in its jobs', () => {
    expect(expand('a<PANDA_ES_ONLY> --n ${SN}</PANDA_ES_ONLY> b', { isEventService: true })).toBe('a --n 7 b');
  });

  it('takes names literally, whatever they look like', () => {
    const streams = new Map([['IN', stream('$&.1', '$&.2')]]);
    expect(expand('${IN} ${IN/L}', { streams })).toBe('$&.[1,2] $&.1,$&.2');
  });

  it('does not mistake overlapping heads and tails for digits', () => {
    const streams = new Map([['IN', stream('aa', 'aaa')]]);
    expect(expand('${IN}', { streams })).toBe('aa,aaa');
  });
});

describe('the name of an output', () => {
  it.each([
    ['user.demo.$JEDITASKID._${SN/P}.out.txt', 'user.demo.10000123._000003.out.txt'],
    ['log.$JEDITASKID.${SN}.log.tgz', 'log.10000123.000003.log.tgz'],
    ['x${MIDDLENAME}.${SN:04d}', 'x.0003'],
    ['${SN:0999999999d}', '3'.padStart(100, '0')],
    ['x.${OTHER}', 'x.${OTHER}'],
  ])('is made of %s', (template, expected) => {
    expect(outputNames(template, 10_000_123)(3)).toBe(expected);
  });
});

describe('arithmetic on a name', () => {
  it.each([
    ['#', '007', 7],
    ['# + 2 * 3', '1', 7],
    ['-(# - 10) / 4', '1', 2],
    ['7/2', '1', 3],
    ['#/0', '1', undefined],
    ['#(', '1', undefined],
    ['# #', '1', undefined],
    ['process.exit()', '1', undefined],
    ['#', 'name', undefined],
    ['', '1', undefined],
  ])('%s of %s', (expression, name, expected) => {
    expect(valueOf(expression, name)).toBe(expected);
  });
});
