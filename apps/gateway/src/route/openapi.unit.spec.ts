import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { DIALECTS } from '../dialects.js';
import { openApiDocument } from './openapi.js';

const document = openApiDocument(DIALECTS);
const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, operation]) => [`${verb.toUpperCase()} ${path}`, operation] as const),
);

describe('the OpenAPI document', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    ajv.addSchema(schema, `#/components/schemas/${name}`);
  }
  /** By text: most errors have the same schema, and compiling it takes long. */
  const validators = new Map<string, ValidateFunction>();
  const validatorOf = (schema: object): ValidateFunction => {
    const text = JSON.stringify(schema);
    const validator = validators.get(text) ?? ajv.compile(schema);
    validators.set(text, validator);
    return validator;
  };
  const faultsOf = ({ schema, example }: { readonly schema: object; readonly example?: unknown }): unknown => {
    if (example === undefined) return 'no example';
    const validate = validatorOf(schema);
    return validate(example) ? undefined : [example, validate.errors];
  };

  it.each(operations)('has examples for %s, which its schemas accept', (_, operation) => {
    const { parameters, requestBody, responses } = operation;
    const contents = [
      ...Object.values(requestBody?.content ?? {}),
      ...Object.values(responses).flatMap(({ content }) => Object.values(content)),
      ...parameters.filter(({ example }) => example !== undefined),
    ];
    expect(contents.map(faultsOf).filter((faults) => faults !== undefined)).toEqual([]);
  });

  it('says what every operation that changes something records', () => {
    /** They change nothing that has a history. */
    const recordless = [
      ...['checkAccess', 'logIn', 'createToken', 'openIdToken', 'openIdDevice'],
      ...['torcJoinByInboundEdge', 'torcJoinByOutboundEdge', 'pingWebhook', 'replayDeadLetters'],
    ];
    const silent = operations
      // PanDA's tests check its own: functions that read are called by POST too.
      .filter(([, { tags }]) => tags.every((tag) => !tag.startsWith('panda')))
      .filter(([at, operation]) => !at.startsWith('GET ') && operation['x-records'] === undefined)
      .map(([, { operationId }]) => operationId);
    expect(silent.sort()).toEqual(recordless.sort());
  });
});
