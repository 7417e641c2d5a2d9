import { incompatibilities } from './compatibility.js';
import type { JsonSchema } from './json-schema.js';

const object = (properties: Record<string, JsonSchema>, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
});
const text = { type: 'string' };
const number = { type: 'number' };
const words = (...list: readonly string[]): JsonSchema => ({ enum: list });
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const inDefinition = (definition: JsonSchema): JsonSchema => ({
  ...object({ end: { $ref: '#/definitions/End' } }),
  definitions: { End: definition },
});

describe('incompatibilities of two schemas of one version', () => {
  it.each<[string, JsonSchema, JsonSchema]>([
    ['a new optional member', object({ a: text }), object({ a: text, b: text })],
    ['a new word', object({ a: words('x') }), object({ a: words('x', 'y') })],
    ['words that become any text', object({ a: words('x') }), object({ a: text })],
    ['another description', { ...text, description: 'one' }, { ...text, description: 'two' }],
    ['another alternative', { anyOf: [object({ a: text })] }, { anyOf: [object({ b: text }), object({ a: text })] }],
    ['a name for what had none', object({ end: object({ a: text }) }), inDefinition(object({ a: text }))],
    [
      'a definition that contains itself',
      inDefinition(object({ next: { $ref: '#/definitions/End' } })),
      inDefinition(object({ next: { $ref: '#/definitions/End' }, b: text })),
    ],
  ])('are none in %s', (_, old, now) => {
    expect(incompatibilities(old, now)).toEqual([]);
  });

  it.each<[string, JsonSchema, JsonSchema]>([
    ['data.a was removed', object({ a: text }), object({})],
    ['data.b became required', object({ b: text }), object({ b: text }, ['b'])],
    ['data.b became required', object({}), object({ b: text }, ['b'])],
    ['data.a became optional', object({ a: text }, ['a']), object({ a: text })],
    ['data.a may be no null any more', object({ a: { type: ['string', 'null'] } }), object({ a: text })],
    ['data.a may be null', object({ a: text }), object({ a: { type: ['string', 'null'] } })],
    ['data.a may not be y any more', object({ a: words('x', 'y') }), object({ a: words('x') })],
    ['data.a may only be x', object({ a: text }), object({ a: words('x') })],
    ['data.list[].a was removed', object({ list: listOf(object({ a: text })) }), object({ list: listOf(object({})) })],
    [
      'data has another number of items',
      { type: 'array', items: [number, number] },
      { type: 'array', items: [number, number, number] },
    ],
    ['data.end.a was removed', inDefinition(object({ a: text })), inDefinition(object({}))],
    ['data.a was removed', { anyOf: [object({ a: text }), text] }, { anyOf: [object({}), text] }],
    [
      'data.* may be no string any more',
      { type: 'object', additionalProperties: text },
      { type: 'object', additionalProperties: number },
    ],
  ])('name it: %s', (problem, old, now) => {
    expect(incompatibilities(old, now)).toContain(problem);
  });
});
