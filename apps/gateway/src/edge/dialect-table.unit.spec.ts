import { DIALECTS } from '../dialects.js';
import { DialectTable } from './dialect-table.js';

describe('the table of dialects', () => {
  it.each([
    ['/tasks', 'iceprod'],
    ['/', 'iceprod'],
    ['/auth/realms/IceCube', 'iceprod'],
    ['/cairn', 'iceprod'],
    ['/cairn/', 'cairn'],
    ['/cairn/iceprod/datasets', 'cairn'],
    ['/livez', 'cairn'],
    ['/docs/x', 'cairn'],
    ['/openapi.json', 'cairn'],
    ['/openapi-json', 'iceprod'],
  ])('assigns %s to %s', (path, name) => {
    expect(DIALECTS.dialectOf(path).name).toBe(name);
  });

  it('lets a star stand for any characters but a slash', () => {
    const table = new DialectTable([
      { ...DIALECTS.fallback, name: 'other', paths: ['/auth/*_auth_config.json', '/workflow'] },
      DIALECTS.fallback,
    ]);
    const nameOf = (path: string): string => table.dialectOf(path).name;
    expect(nameOf('/auth/atlas_auth_config.json')).toBe('other');
    expect(nameOf('/auth/realms/x_auth_config.json')).toBe('iceprod');
    expect(nameOf('/workflows/97/jobs')).toBe('other');
  });

  it('needs exactly one dialect without paths', () => {
    expect(() => new DialectTable([DIALECTS.fallback, DIALECTS.fallback])).toThrow('exactly one dialect');
    expect(() => new DialectTable([{ ...DIALECTS.fallback, paths: ['/x'] }])).toThrow('exactly one dialect');
  });

  it.each(DIALECTS.routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'serves %s under the path of its dialect, with the access check that its policy needs',
    (_, route) => {
      const dialect = DIALECTS.of(route);
      expect(DIALECTS.dialectOf(route.path)).toBe(dialect);
      if (route.policy === 'public') return;
      const { rule, lease } = route.policy;
      if (rule !== undefined || lease === 'workload') expect(dialect.workloadAccess).toBeDefined();
    },
  );

  it.each(DIALECTS.routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'says for %s what workers must hold, if it lets them in',
    (_, { policy }) => {
      if (policy === 'public') return;
      expect(policy.lease !== undefined).toBe(policy.roles.includes('worker'));
    },
  );
});
