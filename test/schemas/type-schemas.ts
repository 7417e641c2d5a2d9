import ts from 'typescript';
import { type JsonSchema, nameIn, referenceTo } from './json-schema.js';

const textOf = (parts: readonly ts.SymbolDisplayPart[]): string =>
  ts
    .displayPartsToString([...parts])
    .replaceAll(/\{@link (\S+?)\}/g, '`$1`')
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();

const isFlagged = (type: ts.Type, flags: ts.TypeFlags): boolean => (type.flags & flags) !== 0;

const sorted = <Value>(values: readonly Value[]): Value[] =>
  values.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

const kindsOf = ({ type }: JsonSchema): readonly string[] => (type === undefined ? [] : [type].flat());

/** Whether a schema says no more than which kinds of values there are. */
const isPlain = (schema: JsonSchema): boolean => Object.keys(schema).every((key) => key === 'type');

/** How the type of a member is written. */
const nodeOf = (member: ts.Symbol): ts.TypeNode | undefined => {
  const [declaration] = member.declarations ?? [];
  return declaration && ts.isPropertySignature(declaration) ? declaration.type : undefined;
};

/** Makes schemas of TypeScript's types, as the compiler has resolved them. Named types become definitions. */
export class TypeSchemas {
  private readonly definitions = new Map<string, { readonly symbol: ts.Symbol; schema: JsonSchema }>();

  constructor(private readonly checker: ts.TypeChecker) {}

  /** What the documentation of a symbol says, on one line. */
  docOf(symbol: ts.Symbol | undefined): string {
    return textOf(symbol?.getDocumentationComment(this.checker) ?? []);
  }

  /** The named type that a member is declared with, unless it has arguments: those change what it is. */
  namedTypeOf(member: ts.Symbol): ts.Symbol | undefined {
    return this.nameOfNode(nodeOf(member));
  }

  /** @param node how the type is written, if it is: only there the names of its parts are known */
  schemaOf(type: ts.Type, node?: ts.TypeNode): JsonSchema {
    const name = this.nameOfNode(node) ?? this.nameOfInterface(type);
    return name === undefined ? this.inlineSchemaOf(type, node) : this.definitionOf(name);
  }

  /** As {@link schemaOf}, but the members of the type itself stand in the schema. */
  inlineSchemaOf(type: ts.Type, node?: ts.TypeNode): JsonSchema {
    const known = this.primitiveOf(type);
    if (known !== undefined) return known;
    if (type.isUnion()) {
      const types = type.types.filter((one) => !isFlagged(one, ts.TypeFlags.Undefined));
      const [only] = types;
      return types.length === 1 && only !== undefined ? this.schemaOf(only, node) : this.unionOf(types);
    }
    if (this.checker.isTupleType(type)) return this.tupleOf(type as ts.TupleTypeReference);
    if (this.checker.isArrayType(type)) return this.arrayOf(type, node);
    return this.objectOf(type);
  }

  /** Of everything that a schema refers to, also by other definitions. */
  definitionsFor(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
    const found = new Map<string, JsonSchema>();
    const visit = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return;
      const { $ref: reference } = part as JsonSchema;
      if (typeof reference !== 'string') {
        for (const inner of Object.values(part)) visit(inner);
        return;
      }
      const name = nameIn(reference);
      const definition = this.definitions.get(name);
      if (definition === undefined || found.has(name)) return;
      found.set(name, definition.schema);
      visit(definition.schema);
    };
    visit(schema);
    return Object.fromEntries(sorted([...found]));
  }

  private nameOfNode(node: ts.TypeNode | undefined): ts.Symbol | undefined {
    if (node === undefined || !ts.isTypeReferenceNode(node) || node.typeArguments !== undefined) return undefined;
    const symbol = this.checker.getSymbolAtLocation(node.typeName);
    const named = symbol && symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
    return named && named.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias) ? named : undefined;
  }

  private nameOfInterface(type: ts.Type): ts.Symbol | undefined {
    return type.isClassOrInterface() ? type.symbol : undefined;
  }

  private definitionOf(symbol: ts.Symbol): JsonSchema {
    const { name } = symbol;
    const known = this.definitions.get(name);
    if (known !== undefined && known.symbol !== symbol) throw new Error(`Two types of events' data are named ${name}`);
    if (known === undefined) {
      const description = this.docOf(symbol);
      const definition = { symbol, schema: {} };
      this.definitions.set(name, definition);
      const [declaration] = symbol.declarations ?? [];
      const node = declaration && ts.isTypeAliasDeclaration(declaration) ? declaration.type : undefined;
      definition.schema = {
        ...(description !== '' && { description }),
        ...this.inlineSchemaOf(this.checker.getDeclaredTypeOfSymbol(symbol), node),
      };
    }
    return referenceTo(name);
  }

  private primitiveOf(type: ts.Type): JsonSchema | undefined {
    if (type.isStringLiteral() || type.isNumberLiteral()) return { enum: [type.value] };
    if (isFlagged(type, ts.TypeFlags.BooleanLiteral)) return { enum: [this.checker.typeToString(type) === 'true'] };
    if (isFlagged(type, ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral)) return { type: 'string' };
    if (isFlagged(type, ts.TypeFlags.Number)) return { type: 'number' };
    if (isFlagged(type, ts.TypeFlags.Boolean)) return { type: 'boolean' };
    if (isFlagged(type, ts.TypeFlags.Null)) return { type: 'null' };
    if (isFlagged(type, ts.TypeFlags.Unknown)) return {};
    return undefined;
  }

  private unionOf(types: readonly ts.Type[]): JsonSchema {
    const schemas = types.map((type) => this.schemaOf(type));
    const words = sorted([...new Set(schemas.flatMap((schema) => schema.enum ?? []))]);
    const isBoolean = words.includes(true) && words.includes(false);
    const others = schemas.filter((schema) => schema.enum === undefined);
    const kinds = [...new Set([...others.filter(isPlain).flatMap(kindsOf), ...(isBoolean ? ['boolean'] : [])])];
    const listed = isBoolean ? words.filter((word) => typeof word !== 'boolean') : words;
    const parts: JsonSchema[] = [...sorted(others.filter((schema) => !isPlain(schema)))];
    const [only] = kinds;
    if (listed.length > 0 && parts.length === 0 && kinds.length === 1 && only === 'null') {
      return { enum: [...listed, null] };
    }
    if (only !== undefined) parts.push({ type: kinds.length === 1 ? only : kinds.toSorted() });
    if (listed.length > 0) parts.push({ enum: listed });
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : { anyOf: parts };
  }

  private arrayOf(type: ts.Type, node: ts.TypeNode | undefined): JsonSchema {
    const array = node && ts.isTypeOperatorNode(node) ? node.type : node;
    const [item] = this.checker.getTypeArguments(type as ts.TypeReference);
    if (item === undefined) throw new Error(`An array of what? ${this.checker.typeToString(type)}`);
    const itemNode = array && ts.isArrayTypeNode(array) ? array.elementType : undefined;
    return { type: 'array', items: this.schemaOf(item, itemNode) };
  }

  private tupleOf(type: ts.TupleTypeReference): JsonSchema {
    const items = this.checker.getTypeArguments(type).map((item) => this.schemaOf(item));
    return { type: 'array', items, minItems: items.length, maxItems: items.length };
  }

  private objectOf(type: ts.Type): JsonSchema {
    const members = this.checker.getPropertiesOfType(type);
    const [index] = this.checker.getIndexInfosOfType(type);
    const isRequired = ({ flags }: ts.Symbol): boolean => (flags & ts.SymbolFlags.Optional) === 0;
    const required = members.filter(isRequired).map(({ name }) => name);
    return {
      type: 'object',
      ...(members.length > 0 && {
        properties: Object.fromEntries(members.map((member) => [member.name, this.memberOf(member)])),
      }),
      ...(required.length > 0 && { required }),
      ...(index !== undefined && { additionalProperties: this.schemaOf(index.type) }),
    };
  }

  private memberOf(member: ts.Symbol): JsonSchema {
    const schema = this.schemaOf(this.checker.getTypeOfSymbol(member), nodeOf(member));
    const description = this.docOf(member);
    return description === '' ? schema : { description, ...schema };
  }
}
