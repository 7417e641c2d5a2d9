import { loadEnvironment } from '#platform/environment.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { type Command, UsageError } from './command-line.js';

/** `cairn key` */
export const keyCommand: Command = {
  name: 'key',
  usage: `The key in the data folder (CAIRN_DATA_DIR) that signs tokens.

  cairn key rotate   makes another one; the one before is kept to check what it has signed
`,

  run: async (words, { env, stdout }) => {
    if (words.join(' ') !== 'rotate') throw new UsageError('rotate?');
    const { publicJwk } = await SigningKey.rotate(loadEnvironment(env).CAIRN_DATA_DIR);
    stdout.write(`${publicJwk.kid}\n`);
    return 0;
  },
};
