/** Version of Cairn, as in `package.json`. */
export const CAIRN_VERSION = '0.1.0';
