export type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

/** One route as the served OpenAPI document describes it. */
export interface Operation {
  readonly method: string;
  /** Template of its path. */
  readonly route: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
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
            readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
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

export const operationsOf = (document: OpenApi): readonly Operation[] => {
  const resolved = (schema: Schema | undefined): Schema | undefined => {
    const target = schema?.['$ref'];
    return typeof target === 'string' ? document.components.schemas[target.slice(SCHEMA_REF.length)] : schema;
  };
  return Object.entries(document.paths).flatMap(([route, verbs]) =>
    Object.entries(verbs).map(([verb, { description = '', parameters = [], requestBody }]) => ({
      method: verb.toUpperCase(),
      route,
      parameters,
      body: resolved(Object.values(requestBody?.content ?? {})[0]?.schema),
      roles: rolesIn(description),
    })),
  );
};

export const nameOf = ({ method, route }: Pick<Operation, 'method' | 'route'>): string => `${method} ${route}`;
