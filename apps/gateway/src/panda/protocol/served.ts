import type { Type } from '@nestjs/common';
import type {
  Envelope,
  FunctionTable,
  Handlers,
  LegacyAnswer,
  PandaCall,
  PandaFunction,
  RawAnswer,
  RawCall,
  RawHandlers,
  RawRoute,
  RawTable,
  TextAnswer,
} from './function.js';

export type Answer = Envelope | TextAnswer | LegacyAnswer;

type Handle = (call: PandaCall) => Answer | Promise<Answer>;
type HandleRaw = (call: RawCall) => Promise<RawAnswer>;

/** A table of functions or raw routes, and the class whose methods serve them. */
export type Module =
  | { readonly kind: 'functions'; readonly table: FunctionTable; readonly handlers: Type<object> }
  | { readonly kind: 'raw'; readonly table: RawTable; readonly handlers: Type<object> };

export const functionsOf = <Table extends FunctionTable>(table: Table, handlers: Type<Handlers<Table>>): Module => ({
  kind: 'functions',
  table,
  handlers,
});

export const rawRoutesOf = <Table extends RawTable>(table: Table, handlers: Type<RawHandlers<Table>>): Module => ({
  kind: 'raw',
  table,
  handlers,
});

/** A declaration with the method that serves it. */
export type Served =
  | { readonly kind: 'function'; readonly declared: PandaFunction; readonly handle: Handle }
  | { readonly kind: 'raw'; readonly declared: RawRoute; readonly handle: HandleRaw };

/** The method of a handler class, bound. The compiler has checked in {@link functionsOf} that it takes what the declaration reads. */
const methodOf = (instance: object, name: string): Handle & HandleRaw => {
  const method: unknown = Reflect.get(instance, name);
  if (typeof method !== 'function') throw new Error(`${instance.constructor.name} has no method ${name}`);
  return method.bind(instance) as Handle & HandleRaw;
};

/** @param instance of the module's handler class */
export const servedBy = (module: Module, instance: object): readonly Served[] =>
  module.kind === 'functions'
    ? Object.entries(module.table).map(([name, declared]) => ({
        kind: 'function',
        declared,
        handle: methodOf(instance, name),
      }))
    : Object.entries(module.table).map(([name, declared]) => ({
        kind: 'raw',
        declared,
        handle: methodOf(instance, name),
      }));
