export type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

interface BodyLimits {
  readonly bytes: number;
  /** Values of JSON. */
  readonly values: number;
  /** Of members. */
  readonly names: number;
}

/** One route as the served OpenAPI document describes it. */
export interface Operation {
  readonly method: string;
  /** Template of its path. */
  readonly route: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  /** A valid body, as far as the document says. */
  readonly bodyExample?: unknown;
  /** What a body may have at most. */
  readonly bodyLimits?: BodyLimits | undefined;
  /** Roles that may call it; empty when it is public. */
  readonly roles: readonly string[];
}

export interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly description?: string;
            readonly parameters?: readonly Parameter[];
            readonly requestBody?: {
              readonly description?: string;
              readonly content: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>;
            };
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const SCHEMA_REF = '#/components/schemas/';

const rolesIn = (description: string): readonly string[] => {
  if (description.startsWith('Any valid token')) return ['admin'];
  return /^Roles: ([^.]*)\./.exec(description)?.[1]?.split(', ') ?? [];
};

const BODY_LIMITS = /^At most (\d+) ([KM])iB, ([\d,]+) JSON values, ([\d,]+) names/;

const limitsIn = (description: string): BodyLimits | undefined => {
  const [, size, unit, values, names] = BODY_LIMITS.exec(description) ?? [];
  if (size === undefined || values === undefined || names === undefined) return undefined;
  const count = (text: string): number => Number(text.replaceAll(',', ''));
  return { bytes: Number(size) * (unit === 'M' ? 1024 * 1024 : 1024), values: count(values), names: count(names) };
};

export const operationsOf = (document: OpenApi): readonly Operation[] => {
  const resolved = (schema: Schema | undefined): Schema | undefined => {
    const target = schema?.['$ref'];
    return typeof target === 'string' ? document.components.schemas[target.slice(SCHEMA_REF.length)] : schema;
  };
  return Object.entries(document.paths).flatMap(([route, verbs]) =>
    Object.entries(verbs).map(([verb, { description = '', parameters = [], requestBody }]) => {
      const [content] = Object.values(requestBody?.content ?? {});
      return {
        method: verb.toUpperCase(),
        route,
        parameters,
        body: resolved(content?.schema),
        bodyExample: content?.example,
        bodyLimits: limitsIn(requestBody?.description ?? ''),
        roles: rolesIn(description),
      };
    }),
  );
};

export const nameOf = ({ method, route }: Pick<Operation, 'method' | 'route'>): string => `${method} ${route}`;
