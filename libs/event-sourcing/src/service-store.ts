import type { Type } from '@nestjs/common';
import type { ServiceName } from '#bus/contract.js';
import type { Projection } from './projection.js';
import type { Lifts } from './upcast.js';

/** A projection that others look into: each application makes its own and injects it by class. */
interface ProvidedProjection {
  readonly provide: Type<Projection>;
  /** Projections of the same service that it looks into, which stand before it. */
  readonly inject?: Type<Projection>[];
  useFactory(...parts: readonly Projection[]): Projection;
}

export type ProjectionSource = Projection | Type<Projection> | ProvidedProjection;

/** What a service keeps. */
export interface ServiceStore {
  readonly service: ServiceName;
  /** Classes and their factories are for projections that others look into. */
  readonly projections: readonly ProjectionSource[];
  readonly lifts?: Lifts;
  /** Page cache of the writing connection. */
  readonly cacheKib?: number;
}

export const isProvided = (source: ProjectionSource): source is Type<Projection> | ProvidedProjection =>
  typeof source === 'function' || 'provide' in source;

/** The projections of a store, for one who is no application. */
export const projectionsOf = ({ projections }: ServiceStore): readonly Projection[] => {
  const made = new Map<Type<Projection>, Projection>();
  const known = (type: Type<Projection>): Projection => {
    const projection = made.get(type);
    if (projection === undefined) throw new Error(`${type.name} must stand before what looks into it`);
    return projection;
  };
  return projections.map((source) => {
    if (!isProvided(source)) return source;
    const isClass = typeof source === 'function';
    const projection = isClass ? new source() : source.useFactory(...(source.inject ?? []).map(known));
    made.set(isClass ? source : source.provide, projection);
    return projection;
  });
};
