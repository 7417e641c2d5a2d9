import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIALECTS } from '../dialects.js';
import { openApiDocument, templateOf } from '../route/openapi.js';
import type { AnyRoute } from '../route/route.js';
import { panda } from './panda.dialect.js';

/** The project's own copy of the route list of the contract. */
const listed = readFileSync(join('apps', 'gateway', 'src', 'panda', 'routes.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .flatMap((line) => {
    const [methods = '', path = '', access = ''] = line.split('\t');
    return methods.split('|').map((method) => `${method} ${path} ${access}`);
  });

const accessOf = ({ policy }: AnyRoute): string => {
  if (policy === 'public') return 'none';
  return policy.roles.includes('production') ? 'secure+production' : 'secure';
};

const served = panda.routes.map((route) => `${route.method} ${templateOf(route.path)} ${accessOf(route)}`);

/** Beyond the contract: what operators need, and names under which cachers of harvester and pilots look for the same documents. */
const isMore = (row: string): boolean =>
  row.includes(' /cairn/panda/') || row.includes(' /cache/schedconfig/') || row.includes(' /cache/pandaqueues');

describe("PanDA's routes", () => {
  it('are those that the contract lists', () => {
    expect(served.filter((row) => !listed.includes(row) && !isMore(row))).toEqual([]);
  });

  it('are all there', () => {
    expect(listed.filter((row) => !served.includes(row))).toEqual([]);
  });

  it('are documented', () => {
    const { paths } = openApiDocument(DIALECTS);
    const documented = Object.entries(paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`),
    );
    const rows = panda.routes.map(({ method, path }) => `${method} ${templateOf(path)}`);
    expect(rows.filter((row) => !documented.includes(row))).toEqual([]);
  });

  it('say what they record when they change something', () => {
    const silent = panda.routes.filter(({ method, records, policy, tag }) => {
      const mayChange = method !== 'GET' && !(policy === 'public' && tag === 'panda files');
      return mayChange && records === undefined;
    });
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it('have names of their own', () => {
    const names = panda.routes.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});
