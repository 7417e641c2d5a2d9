import { EnvironmentInvalid, loadEnvironment } from '#platform/environment.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import type { Terminal } from './account-command.js';

export const USAGE = `The key in the data folder (CAIRN_DATA_DIR) that signs tokens.

  cairn key rotate   makes another one; the one before is kept to check what it has signed
`;

const EXIT_REFUSED = 2;

/** `cairn key`; resolves with the exit code. */
export const runKey = async (args: readonly string[], { env, stdout, stderr }: Terminal): Promise<number> => {
  try {
    if (args.join(' ') !== 'rotate') {
      stderr.write(USAGE);
      return EXIT_REFUSED;
    }
    const { publicJwk } = await SigningKey.rotate(loadEnvironment(env).CAIRN_DATA_DIR);
    stdout.write(`${publicJwk.kid}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof EnvironmentInvalid)) throw error;
    stderr.write(`key: ${error.message}\n\n${USAGE}`);
    return EXIT_REFUSED;
  }
};
