import fc from 'fast-check';
import { DomainError } from '#platform/domain-error.js';
import {
  COLLECTIONS,
  type FieldRule,
  type Fields,
  type FieldType,
  WORKFLOW,
  WORKFLOW_CONFIG,
  WORKFLOW_STATUS,
} from './collections.js';
import { normalize, normalizeOpen, plainMembers, type WriteMode } from './normalize.js';

const documentOf = (fields: Fields, body: string, mode: WriteMode = 'post'): string => {
  const normalized = normalize(fields, body, mode);
  if (normalized instanceof DomainError) throw normalized;
  return normalized.document;
};

const refusalOf = (fields: Fields, body: string, mode: WriteMode = 'post'): string => {
  const normalized = normalize(fields, body, mode);
  return normalized instanceof DomainError ? normalized.message : `accepted: ${normalized.document}`;
};

const only = (type: FieldType): Fields => ({ it: { type } });

describe('what is stored of a body', () => {
  it('has the fields in the order sent, then the defaults', () => {
    expect(documentOf(COLLECTIONS.files.fields, '{ "path": "a/b" , "name":"b" }')).toBe('{"path":"a/b","name":"b"}');
    expect(documentOf(COLLECTIONS.resource_requirements.fields, '{"memory":"1g","name":"small"}')).toBe(
      '{"memory":"1g","name":"small","num_cpus":1,"num_gpus":0,"num_nodes":1,"runtime":"P0DT1M"}',
    );
  });

  it('has the defaults of nested objects', () => {
    const node = '{"hostname":"n","pid":1,"start_time":"2026","resources":{"num_cpus":36,"memory_gb":92.0}}';
    expect(documentOf(COLLECTIONS.compute_nodes.fields, node)).toBe(
      '{"hostname":"n","pid":1,"start_time":"2026","resources":{"num_cpus":36,"memory_gb":92.0,"num_gpus":0,' +
        '"num_nodes":1,"scheduler_config_id":""},"scheduler":{}}',
    );
    const config = JSON.parse(
      documentOf(WORKFLOW_CONFIG, '{"compute_node_resource_stats":{"process":true}}'),
    ) as object;
    expect(config).toMatchObject({
      compute_node_resource_stats: { cpu: true, process: true, monitor_type: 'aggregation', interval: 10 },
      prepare_jobs_sort_method: 'gpus_runtime_memory',
    });
    expect(documentOf(WORKFLOW_CONFIG, '{}')).toContain('"compute_node_resource_stats":{"cpu":true,"disk":false');
    const job = '{"command":"c","schedule_compute_nodes":{"scheduler_id":"s","num_jobs":1}}';
    expect(documentOf(COLLECTIONS.jobs.fields, job)).toContain(
      '"schedule_compute_nodes":{"scheduler_id":"s","num_jobs":1,"start_one_worker_per_node":false}',
    );
  });

  it('keeps numbers and free data as they are written', () => {
    const data = '{"data":{"a": 1.0, "big":12345678901234567890, "a b":[1e400]}}';
    expect(documentOf(COLLECTIONS.user_data.fields, data)).toBe(
      '{"data":{"a": 1.0, "big":12345678901234567890, "a b":[1e400]},"is_ephemeral":false}',
    );
    const file = '{"path":"p","st_mtime":1772355300.23217829999999}';
    expect(documentOf(COLLECTIONS.files.fields, file)).toBe(file);
    expect(documentOf(COLLECTIONS.files.fields, '{"path":"p","st_mtime":"1772355300.5"}')).toBe(
      '{"path":"p","st_mtime":1772355300.5}',
    );
  });

  it.each([
    ['integer', '4', '4'],
    ['integer', '-0', '0'],
    ['integer', '4.0', '4'],
    ['integer', '1e3', '1000'],
    ['integer', '"12"', '12'],
    ['integer', '" 12.0 "', '12'],
    ['integer', '9007199254740991', '9007199254740991'],
    ['number', '-1.50', '-1.50'],
    ['number', '"1e-7"', '1e-7'],
    ['boolean', '"True"', 'true'],
    ['boolean', 'false', 'false'],
    ['memory', '"30 G"', '"30 G"'],
    ['memory', '"1.5g"', '"1.5g"'],
    ['memory', '"10GiB"', '"10GiB"'],
    ['duration', '"P0DT1m"', '"P0DT1m"'],
    ['duration', '"-PT5S"', '"-PT5S"'],
    ['duration', '"PT23H59M59,98765S"', '"PT23H59M59,98765S"'],
    ['list', '[1.0, {}]', '[1.0, {}]'],
    [{ oneOf: ['none'] }, '"none"', '"none"'],
    [{ listOf: 'integer' }, '[ 1.0 , "2" ]', '[1,2]'],
  ] satisfies [FieldType, string, string][])('%j %s becomes %s', (type, raw, stored) => {
    expect(documentOf(only(type), `{"it":${raw}}`)).toBe(`{"it":${stored}}`);
  });

  it.each([
    ['string', '1'],
    ['string', '""'],
    ['string', 'null'],
    ['integer', '1.5'],
    ['integer', '"1.5"'],
    ['integer', '""'],
    ['integer', '"0x10"'],
    ['integer', '9007199254740993'],
    ['integer', '-1e300'],
    ['integer', 'true'],
    ['number', '1e400'],
    ['number', '"Infinity"'],
    ['number', '"1 2"'],
    ['number', '[1]'],
    ['boolean', '1'],
    ['boolean', '"yes"'],
    ['memory', '"lots"'],
    ['memory', '8'],
    ['memory', '""'],
    ['duration', '"P1Y"'],
    ['duration', '"P"'],
    ['object', '[]'],
    ['list', '{}'],
    [{ oneOf: ['none'] }, '"all"'],
    [{ listOf: 'string' }, '["a",1]'],
    [{ listOf: 'string' }, '{}'],
    [{ members: {} }, '1'],
  ] satisfies [FieldType, string][])('%j %s is refused by name', (type, raw) => {
    expect(refusalOf(only(type), `{"it":${raw}}`)).toMatch(/^it(\[1\])? must be /);
  });

  it('refuses what is unknown, missing or null, with its place', () => {
    expect(refusalOf(COLLECTIONS.files.fields, '{"path":"p","size":1}')).toBe('size is not a known field');
    expect(refusalOf(COLLECTIONS.files.fields, '{"path":"p","__proto__":{}}')).toBe('__proto__ is not a known field');
    expect(refusalOf(COLLECTIONS.files.fields, '{"path":"p","constructor":1}')).toMatch(/not a known field/);
    expect(refusalOf(COLLECTIONS.files.fields, '{}')).toBe('path is missing: it must be a string that is not empty');
    expect(refusalOf(COLLECTIONS.files.fields, '[]')).toBe('a JSON object is expected');
    const stats =
      '{"hostname":"h","timestamp":"t","stats":[{"resource_type":"cpu","average":{},"minimum":{},"maximum":{}}]}';
    expect(refusalOf(COLLECTIONS.compute_node_stats.fields, stats)).toBe(
      'stats[0].num_samples is missing: it must be an integer',
    );
    const node = '{"resources":{"num_cpus":1.5,"memory_gb":1}}';
    expect(refusalOf(COLLECTIONS.compute_nodes.fields, node, 'put')).toBe('resources.num_cpus must be an integer');
    expect(refusalOf(COLLECTIONS.files.fields, `{"${'x'.repeat(1_000)}":1}`).length).toBeLessThan(200);
  });

  it('holds numbers in their range only, also where the text is not looked at', () => {
    const fields: Fields = {
      least: { type: 'integer', minimum: 0 },
      both: { type: 'number', minimum: 1, maximum: 2.5 },
    };
    expect(documentOf(fields, '{"least":"0","both":2.5}')).toBe('{"least":0,"both":2.5}');
    expect(refusalOf(fields, '{"least":-1}')).toBe('least must be an integer of at least 0');
    expect(refusalOf(fields, '{"both":2.6}')).toBe('both must be a number from 1 to 2.5');
    expect([0, -1].map((least) => plainMembers(fields, { least }))).toEqual([{ least: 0 }, undefined]);
    const handler = '{"command":"c","failure_handler":{"rules":[{"max_retries":1,"delay_seconds":-5}]}}';
    expect(refusalOf(COLLECTIONS.jobs.fields, handler)).toBe(
      'failure_handler.rules[0].delay_seconds must be a number of at least 0',
    );
  });

  it('may lack required fields on PUT, where defaults are filled in all the same', () => {
    expect(documentOf(COLLECTIONS.slurm_schedulers.fields, '{"nodes":2.0}', 'put')).toBe('{"nodes":2,"qos":"normal"}');
    expect(refusalOf(WORKFLOW_STATUS, '{"run_id":1,"is_canceled":false}')).toMatch(/auto_tune_status is missing/);
  });

  it('holds a string where null would be unreadable, and null where it may be', () => {
    expect(documentOf(WORKFLOW, '{"user":null,"name":null}')).toBe(
      '{"user":"","name":null,"description":"","is_archived":false}',
    );
  });
});

describe('the identity in a body', () => {
  const files = COLLECTIONS.files.fields;

  it('is taken out and returned', () => {
    const body = '{"_key":"a-1","_id":"files__97/a-1","_rev":"3-1","_oldRev":"3-0","path":"p"}';
    expect(normalize(files, body, 'put')).toEqual({
      document: '{"path":"p"}',
      key: 'a-1',
      id: 'files__97/a-1',
      rev: '3-1',
    });
    expect(normalize(files, '{"path":"p"}', 'post')).toEqual({ document: '{"path":"p"}' });
    expect(normalizeOpen('{"_key":"k","any": {"thing":1.0}}')).toEqual({ document: '{"any":{"thing":1.0}}', key: 'k' });
  });

  it.each(['""', '"a/b"', '"ü"', '1', 'null', `"${'k'.repeat(255)}"`])('has no key %s', (key) => {
    const normalized = normalize(files, `{"path":"p","_key":${key}}`, 'post');
    expect(normalized).toMatchObject({ kind: 'invalid', details: { errorNum: 1221 } });
  });

  it('has texts for id and revision', () => {
    expect(refusalOf(files, '{"_id":1}', 'put')).toBe('_id must be a string');
    expect(refusalOf(files, '{"_rev":null}', 'put')).toBe('_rev must be a string');
  });
});

describe('normalization of any body', () => {
  const strings = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('1', 'true', '30 G', 'PT1H', 'done'));
  /** Values that are valid as they are. */
  const valid = (rule: FieldRule): fc.Arbitrary<unknown> => {
    const { type, minimum: min, maximum: max } = rule;
    const within = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
    switch (type) {
      case 'string':
        return strings;
      case 'integer':
        return min === undefined && max === undefined ? fc.maxSafeInteger() : fc.integer(within);
      case 'number':
        return fc.double({ noNaN: true, noDefaultInfinity: true, ...within }).filter((value) => !Object.is(value, -0));
      case 'boolean':
        return fc.boolean();
      case 'memory':
        return fc.constantFrom('1m', '2.5 GiB');
      case 'duration':
        return fc.constantFrom('P1D', 'pt5m');
      case 'object':
        return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true });
      case 'list':
        return fc.array(fc.jsonValue({ maxDepth: 2 }));
      default:
        if ('oneOf' in type) return fc.constantFrom(...type.oneOf);
        return 'listOf' in type ? fc.array(valid({ type: type.listOf }), { maxLength: 3 }) : whole(type.members);
    }
  };
  const whole = (fields: Fields): fc.Arbitrary<object> =>
    fc.record(
      Object.fromEntries(
        Object.entries(fields).map(([name, rule]) => [
          name,
          rule.nullable === true && rule.isNullDefault !== true
            ? fc.oneof(valid(rule), fc.constant(null))
            : valid(rule),
        ]),
      ),
      { requiredKeys: [] },
    );
  const tables = [
    ...Object.values(COLLECTIONS).map(({ fields }) => fields),
    WORKFLOW,
    WORKFLOW_CONFIG,
    WORKFLOW_STATUS,
  ];
  const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), strings);

  it('keeps what is valid, and is done after once', () =>
    fc.assert(
      fc.property(
        fc.constantFrom<Fields>(...tables).chain((fields) => fc.tuple(fc.constant(fields), whole(fields))),
        fc.constantFrom('', ' ', '\n'),
        ([fields, generated], space) => {
          const text = JSON.stringify(generated, undefined, space);
          const normalized = normalize(fields, text, 'put');
          // Nested objects lack a required field now and then.
          if (normalized instanceof DomainError) {
            expect(normalized.message).toMatch(/ is missing: /);
            return;
          }
          const plain = plainMembers(fields, JSON.parse(text));
          if (plain !== undefined) expect(normalize(fields, text, 'post')).toEqual({ document: JSON.stringify(plain) });
          expect(JSON.parse(normalized.document)).toMatchObject(JSON.parse(text) as object);
          expect(documentOf(fields, normalized.document, 'put')).toBe(normalized.document);
        },
      ),
      { numRuns: 300 },
    ));

  it('gives a document that is normal, or a refusal, and never throws', () =>
    fc.assert(
      fc.property(
        fc
          .constantFrom<Fields>(...tables)
          .chain((fields) =>
            fc.tuple(fc.constant(fields), fc.dictionary(fc.constantFrom(...Object.keys(fields), '_key'), anything)),
          ),
        fc.constantFrom<WriteMode>('post', 'put'),
        ([fields, generated], mode) => {
          const normalized = normalize(fields, JSON.stringify(generated), mode);
          if (normalized instanceof DomainError) expect(normalized.kind).toBe('invalid');
          else expect(documentOf(fields, normalized.document, mode)).toBe(normalized.document);
        },
      ),
      { numRuns: 500 },
    ));
});
