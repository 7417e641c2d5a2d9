const { resolve } = require('node:path');

const LIBRARIES = ['platform', 'ledger', 'storage', 'bus', 'contracts', 'event-sourcing'];

/** For the import check only: `#library/…` stands for the compiled library at run time, here for its sources. */
module.exports = {
  resolve: {
    alias: Object.fromEntries(LIBRARIES.map((name) => [`#${name}`, resolve(`libs/${name}/src`)])),
    extensionAlias: { '.js': ['.ts', '.js'] },
    extensions: ['.ts', '.js'],
  },
};
