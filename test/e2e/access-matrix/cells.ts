import { DIALECTS } from '../../../apps/gateway/src/dialects.js';
import { openApiDocument, templateOf } from '../../../apps/gateway/src/route/openapi.js';
import type { AnyRoute } from '../../../apps/gateway/src/route/route.js';
import type { Answer } from '../../harness/http-client.js';
import type { OpenIdIssuer } from '../../harness/openid-issuer.js';
import type { TestCluster } from '../../harness/test-cluster.js';
import type { Targets } from '../hostile-requests/example.js';
import { type HostileRequest, hostileRequests } from '../hostile-requests/generator.js';
import { nameOf, type OpenApi, type Operation, operationsOf } from '../hostile-requests/openapi.js';
import { type Caller, prepareCallers } from './callers.js';
import { type Expectation, expectationsOf, type Relation, routeName } from './expectations.js';
import { holdTasks, prepareSide, type Side } from './sides.js';

/** Valid requests to each route, which differ in what is optional. */
const VARIANTS = 4;
const SEED = 20_261_129;

/** Whose answers must not contain anything of a dataset. */
const OUTSIDERS: readonly Relation[] = ['anonymous', 'bad', 'roleless', 'other', 'worker'];

/** One caller's request to one route about one of the datasets. */
export class Cell {
  readonly relation: Relation;
  readonly expectation: Expectation;

  constructor(
    readonly route: AnyRoute,
    private readonly caller: Caller,
    readonly side: Side,
    private readonly sides: readonly Side[],
    private readonly request: HostileRequest,
  ) {
    this.relation = caller.relationTo(side);
    this.expectation = expectationsOf(route)[this.relation];
  }

  send(): Promise<Answer> {
    const { method, path, body, headers } = this.request;
    return this.caller.client.send(method, path, { body, headers });
  }

  /** Whether the answer holds texts of a dataset that the caller may not read. */
  leaks({ text }: Answer): boolean {
    return this.sides.some((side) => OUTSIDERS.includes(this.caller.relationTo(side)) && text.includes(side.secret));
  }

  /** For people who look for the fault. */
  describe({ status, text }: Answer): string {
    const { method, path, body } = this.request;
    return [
      `${routeName(this.route)}, ${this.caller.name}, group ${this.side.group}: ${this.expectation} but ${status}`,
      `  ${method} ${path} ${body?.toString().slice(0, 300) ?? ''}`,
      `  ${text.slice(0, 300)}`,
    ].join('\n');
  }
}

const documented = operationsOf(openApiDocument(DIALECTS) as OpenApi);

const operationOf = (route: AnyRoute): Operation =>
  documented.find((operation) => nameOf(operation) === routeName(route)) ?? {
    ...{ method: route.method, route: templateOf(route.path) },
    ...{ parameters: [], body: undefined, roles: [] },
  };

/** Lists of requests to the routes. */
const variantsOf = (routes: readonly AnyRoute[], targets: Targets): readonly (readonly HostileRequest[])[] => {
  const options = { rounds: VARIANTS, validRounds: VARIANTS, seed: SEED };
  const requests = hostileRequests(routes.map(operationOf), targets, options);
  return routes.map((_, place) => requests.filter((_request, index) => index % routes.length === place));
};

const isLeased = ({ policy }: AnyRoute): boolean => policy !== 'public' && policy.lease !== undefined;

/** Whether it makes no difference which dataset a request names. */
const isAlike = ({ policy }: AnyRoute, relation: Relation): boolean =>
  policy === 'public' || relation === 'anonymous' || relation === 'bad';

/** Requests of these callers about one dataset; `sides` are those that answers must not tell about. */
export const cellsOf = (
  routes: readonly AnyRoute[],
  callers: readonly Caller[],
  side: Side,
  sides: readonly Side[],
): readonly Cell[] => {
  const variants = variantsOf(routes, side.targets);
  return routes.flatMap((route, place) => {
    const request = variants[place]?.[0];
    return request === undefined ? [] : callers.map((caller) => new Cell(route, caller, side, sides, request));
  });
};

/** All requests to these routes, of all callers, about the datasets of two groups. */
export const prepareCells = async (
  cluster: TestCluster,
  routes: readonly AnyRoute[],
  issuer: OpenIdIssuer,
  stranger: OpenIdIssuer,
): Promise<readonly Cell[]> => {
  const sides = [
    await prepareSide(cluster, 'alice', 'simprod'),
    await prepareSide(cluster, 'carol', 'filtering'),
  ] as const;
  const holder = cluster.anonymous.as(await cluster.cairn.token({ username: 'holder', roles: ['worker'] }));
  const leased = routes.filter(isLeased);
  // A report ends the lease, so that each route needs a task of its own.
  const held = await holdTasks(cluster, holder, sides[0], leased.length);
  const callers = await prepareCallers(cluster, sides, holder, issuer, stranger);
  return sides.flatMap((side) => {
    const variants = variantsOf(routes, side.targets);
    return routes.flatMap((route, place) => {
      const targets = held[leased.indexOf(route)] ?? side.targets;
      return callers.flatMap((alike, number) => {
        const caller = alike[place % alike.length];
        const relation = caller?.relationTo(side);
        if (caller === undefined || relation === undefined) return [];
        if (side !== sides[0] && isAlike(route, relation)) return [];
        const some = relation === 'holder' ? variantsOf([route], targets)[0] : variants[place];
        const request = some?.[number % VARIANTS];
        return request === undefined ? [] : [new Cell(route, caller, side, sides, request)];
      });
    });
  });
};
