import type { Fields } from '../route/field.js';
import { defineRoute, type Route, type RouteSpec } from '../route/route.js';

export const cairnRoute = <F extends Fields>(spec: Omit<RouteSpec<F>, 'dialect'>): Route<F> =>
  defineRoute({ dialect: 'cairn', ...spec });
