import { defineFunction, defineLegacy, optional, type Parameters, required } from './function.js';
import { readerOf } from './parameters.js';

const declared = { module: 'm', name: 'f', methods: ['POST'], access: 'none', summary: '' } as const;

const read = (parameters: Parameters, sent: Readonly<Record<string, unknown>>, encoding: 'text' | 'json', more = {}) =>
  readerOf(defineFunction({ ...declared, ...more, parameters }))(new Map(Object.entries(sent)), encoding);
const legacy = (parameters: Parameters, sent: Readonly<Record<string, unknown>>) =>
  readerOf(defineLegacy({ ...declared, parameters }))(new Map(Object.entries(sent)), 'json');

const x = (value: unknown) => ({ values: { x: value } });
const problem = (text: string) => ({ problem: text });

describe('parameters of a query or form', () => {
  it.each([
    ['int', '12', 12],
    ['int', '12.7', 12],
    ['int', '-12.7', -12],
    ['int', '1e3', 1000],
    ['int', ' 7 ', 7],
    ['float', '2600', 2600],
    ['float', '2.5', 2.5],
    ['number', '2.5', 2.5],
    ['str', '', ''],
    ['str', '12', '12'],
    ['bool', 'TRUE', true],
    ['bool', '1', true],
    ['bool', 'yes', false],
    ['bool', '', false],
    ['List[int]', '1', [1]],
    ['List[int]', ['1', '2.9'], [1, 2]],
    ['List[str]', 'a', ['a']],
    ['List[str]', ['a', 'b'], ['a', 'b']],
    ['list', ['a', 'b'], ['a', 'b']],
    ['dict', '{"a": 1}', { a: 1 }],
    ['dict', "{'a': None, 2: (True, 'it\\'s')}", { a: null, '2': [true, "it's"] }],
    ['json', '{"a": 1}', { a: 1 }],
    ['untyped', '12', '12'],
  ] as const)('of type %s: %j is %j', (type, value, expected) => {
    expect(read({ x: required(type) }, { x: value }, 'text')).toEqual(x(expected));
    expect(read({ x: optional(type, null) }, { x: value }, 'text')).toEqual(x(expected));
  });

  it.each([
    ['int', 'a', "Type error: 'x' with value 'a' could not be casted to type int from str."],
    ['int', '', "Type error: 'x' with value '' could not be casted to type int from str."],
    ['int', 'inf', "Type error: 'x' with value 'inf' could not be casted to type int from str."],
    ['float', '1,5', "Type error: 'x' with value '1,5' could not be casted to type float from str."],
    ['List[int]', 'a', "Type error: 'x' with value 'a' could not be casted to type List[int] from str."],
    ['dict', 'a', "Type error: 'x' with value 'a' could not be casted to type dict from str."],
    ['dict', '[1]', "Type error: 'x' with value '[1]' could not be casted to type dict from str."],
    // A repeated key is an error, not the last one (trap 7).
    ['int', ['1', '2'], "Type error: 'x' with value '['1', '2']' could not be casted to type int from list."],
    ['str', ['1', '2'], "Type error: 'x' with value '['1', '2']' could not be casted to type str from list."],
  ] as const)('of type %s: %j is refused', (type, value, text) => {
    expect(read({ x: required(type) }, { x: value }, 'text')).toEqual(problem(text));
  });

  it('take None for null where null is the default', () => {
    expect(read({ x: optional('int', null) }, { x: 'None' }, 'text')).toEqual(x(null));
    expect(read({ x: optional('str', 'a') }, { x: 'None' }, 'text')).toEqual(x('None'));
    expect(read({ x: optional('int', 3) }, { x: 'None' }, 'text')).toHaveProperty('problem');
  });
});

describe('parameters of a JSON body', () => {
  it.each([
    ['int', 12, 12],
    ['int', true, 1],
    ['float', 12, 12],
    ['float', 2.5, 2.5],
    ['number', 2.5, 2.5],
    ['str', '', ''],
    ['bool', false, false],
    ['List[int]', [1, true], [1, 1]],
    ['List[int]', [], []],
    ['List[str]', ['a'], ['a']],
    ['list', [1, 'a'], [1, 'a']],
    ['dict', { a: 1 }, { a: 1 }],
    ['json', '{"a":1}', { a: 1 }],
    ['untyped', { a: 1 }, { a: 1 }],
  ] as const)('of type %s: %j is %j', (type, value, expected) => {
    expect(read({ x: required(type) }, { x: value }, 'json')).toEqual(x(expected));
  });

  it.each([
    ['int', '12', "Type error: 'x' must be of type int, got str."],
    ['int', 12.5, "Type error: 'x' must be of type int, got float."],
    ['int', null, "Type error: 'x' must be of type int, got NoneType."],
    ['str', 1, "Type error: 'x' must be of type str, got int."],
    ['str', true, "Type error: 'x' must be of type str, got bool."],
    ['bool', 1, "Type error: 'x' must be of type bool, got int."],
    ['float', true, "Type error: 'x' must be of type float, got bool."],
    ['dict', [1], "Type error: 'x' must be of type dict, got list."],
    ['json', 'a', "Type error: 'x' must be of type dict, got str."],
    ['List[int]', { a: 1 }, "Type error: 'x' must be of type list, got dict."],
    ['List[int]', [1, '2'], "Type error: All elements in 'x' must be int."],
    ['List[str]', ['a', null], "Type error: All elements in 'x' must be str."],
    ['file', 'a', "Type error: 'x' must be of type FileStorage, got str."],
  ] as const)('of type %s: %j is refused', (type, value, text) => {
    expect(read({ x: required(type) }, { x: value }, 'json')).toEqual(problem(text));
  });

  it('are not checked when they equal the default', () => {
    expect(read({ x: optional('int', null) }, { x: null }, 'json')).toEqual(x(null));
    expect(read({ x: optional('int', 3) }, { x: null }, 'json')).toEqual(
      problem("Type error: 'x' must be of type int, got NoneType."),
    );
    expect(read({ x: optional('int', 3) }, {}, 'json')).toEqual(x(3));
  });

  it('may be of another type that real clients send', () => {
    const parameters = { x: required('int', { accepts: (value) => (value === '5' ? 5 : undefined) }) };
    expect(read(parameters, { x: '5' }, 'json')).toEqual(x(5));
    expect(read(parameters, { x: '6' }, 'json')).toHaveProperty('problem');
  });
});

describe('names of parameters', () => {
  const parameters = { a: required('int'), b: required('int', { aliases: ['bee'] }), c: optional('int', 0) };

  it.each([
    [{}, "Argument error: missing a required argument: 'a'"],
    [{ a: 1, z: 1 }, "Argument error: missing a required argument: 'b'"],
    [{ a: 1, b: 1, z: 1, y: 1 }, "Argument error: got an unexpected keyword argument 'z'"],
    // By one of its names only (D19).
    [{ a: 1, b: 1, bee: 1 }, "Argument error: got an unexpected keyword argument 'bee'"],
  ])('of %j: %s', (sent, text) => {
    expect(read(parameters, sent, 'json')).toEqual(problem(text));
  });

  it('may be other ones, and unknown ones may be ignored', () => {
    expect(read(parameters, { a: 1, bee: 2 }, 'json')).toEqual({ values: { a: 1, b: 2, c: 0 } });
    expect(read(parameters, { a: 1, b: 2, z: 3 }, 'json', { ignoresUnknown: true })).toEqual({
      values: { a: 1, b: 2, c: 0 },
    });
  });
});

describe('parameters of the legacy API', () => {
  it.each([
    ['int', 1, 1],
    ['int', '1', 1],
    ['int', 2.7, 2],
    ['int', 'many', null],
    ['int', null, null],
    ['int', 'None', null],
    ['float', '2.5', 2.5],
    ['str', 1, '1'],
    ['str', true, 'True'],
    ['str', [1, { a: 2 }], '[1,{"a":2}]'],
    ['bool', true, true],
    ['bool', 'True', true],
    ['bool', 'no', false],
    ['json', { a: 1 }, { a: 1 }],
    ['list', [1], [1]],
    ['untyped', [1], [1]],
  ] as const)('of type %s: %j is %j', (type, value, expected) => {
    expect(legacy({ x: optional(type, null) }, { x: value })).toEqual(x(expected));
  });

  it('may be unknown, but not missing', () => {
    expect(legacy({ x: optional('int', 3) }, { y: 1 })).toEqual(x(3));
    expect(legacy({ x: required('str') }, {})).toEqual(problem("Argument error: missing a required argument: 'x'"));
  });
});
