const layer = (from, allowed) => ({
  name: `${from}-imports`,
  severity: 'error',
  from: { path: `^libs/${from}/` },
  to: { path: '^(libs|apps|test)/', pathNot: `^libs/(${[from, ...allowed].join('|')})/` },
});

const DIALECTS = '(iceprod|panda|torc|cairn)';
/** Apps whose shared code knows no dialect. */
const APPS = '(gateway|datasets|pilots|auth)';

/** The services that hold units and their history. They also answer for Cairn's own API, whose messages name any unit. */
const UNIT_APPS = '(tasks|events)';
const UNIT_DIALECTS = '(iceprod|panda|torc)';

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
    {
      name: 'shared-code-of-units-knows-no-dialect',
      severity: 'error',
      from: { path: `^apps/${UNIT_APPS}/src/(?!${UNIT_DIALECTS}/|dialects\\.ts$)` },
      to: { path: `^(apps/${UNIT_APPS}|libs/contracts)/src/${UNIT_DIALECTS}/` },
    },
    {
      name: 'dialects-of-units-are-separate',
      severity: 'error',
      from: { path: `^apps/${UNIT_APPS}/src/${UNIT_DIALECTS}/` },
      to: {
        path: `^(apps/${UNIT_APPS}|libs/contracts)/src/${UNIT_DIALECTS}/`,
        pathNot: '^(apps/$1|libs/contracts)/src/$2/',
      },
    },
    {
      name: 'shared-contracts-know-no-dialect',
      comment: 'only the catalogue of events puts the types of all dialects together',
      severity: 'error',
      from: { path: '^libs/contracts/src/(?!event-types\\.ts$)[^/]+\\.ts$' },
      to: { path: `^libs/contracts/src/${DIALECTS}/` },
    },
    {
      name: 'libraries-know-no-dialect',
      severity: 'error',
      from: { path: '^libs/(?!contracts/)' },
      to: { path: `^libs/contracts/src/${DIALECTS}/` },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|dist' },
    exclude: { path: '\\.spec\\.ts$|^dist|node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    webpackConfig: { fileName: '.ci/resolve.cjs' },
  },
};
