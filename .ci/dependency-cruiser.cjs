const layer = (from, allowed) => ({
  name: `${from}-imports`,
  severity: 'error',
  from: { path: `^libs/${from}/` },
  to: { path: '^(libs|apps|test)/', pathNot: `^libs/(${[from, ...allowed].join('|')})/` },
});

const DIALECTS = '(iceprod|panda|torc|cairn)';
/** Apps whose shared code knows no dialect. */
const APPS = '(gateway|datasets|pilots|auth)';

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    // The libraries build on each other in one direction only.
    layer('platform', []),
    layer('ledger', ['platform']),
    layer('storage', ['platform']),
    layer('bus', ['platform', 'ledger']),
    layer('contracts', ['platform', 'ledger', 'bus']),
    layer('event-sourcing', ['platform', 'ledger', 'storage', 'bus', 'contracts']),
    {
      name: 'apps-are-separate',
      comment: 'services speak over the bus; only apps/cairn puts them together',
      severity: 'error',
      from: { path: '^apps/(?!cairn/)([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'shared-code-knows-no-dialect',
      comment: 'only the table of dialects imports them; the rest works on their declarations',
      severity: 'error',
      from: { path: `^apps/${APPS}/src/(?!${DIALECTS}/|dialects\\.ts$)` },
      to: { path: `^(apps/${APPS}|libs/contracts)/src/${DIALECTS}/` },
    },
    {
      name: 'dialects-are-separate',
      comment: 'what two dialects need is shared code',
      severity: 'error',
      from: { path: `^apps/${APPS}/src/${DIALECTS}/` },
      to: {
        path: `^(apps/${APPS}|libs/contracts)/src/${DIALECTS}/`,
        pathNot: '^(apps/$1|libs/contracts)/src/$2/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|dist' },
    exclude: { path: '\\.spec\\.ts$|^dist|node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
