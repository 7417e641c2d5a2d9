import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  Header,
  HttpCode,
  RequestMapping,
  RequestMethod,
} from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { Fields, Values } from './field.js';
import type { AnyRoute, Call, Route, RouteResponse } from './route.js';
import './request-state.js';

/** The path as the router writes it. */
export const routerPathOf = ({ path }: Pick<AnyRoute, 'path'>): string => path.replace(/\*\w+$/, '*');

/**
 * Binds a controller's method to a declared route. The compiler checks that the method takes what the route's fields
 * return; the gateway's hooks do the rest (roles, validation) from the same declaration.
 */
export const Serves =
  <F extends Fields>(route: Route<F>) =>
  <Method extends (call: Call<Values<F>>, ...rest: never[]) => RouteResponse | Promise<RouteResponse>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    const decorators = [
      RequestMapping({ path: routerPathOf(route), method: RequestMethod[route.method] }),
      HttpCode(route.status ?? 200),
      RouteConfig({ route }),
    ];
    if (route.contentType !== undefined) decorators.push(Header('content-type', route.contentType));
    applyDecorators(...decorators)(target, key, descriptor);
  };

/** The validated request. */
export const ValidatedCall = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().call,
);
