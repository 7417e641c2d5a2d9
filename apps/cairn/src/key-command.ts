import { Command } from 'commander';
import { loadEnvironment } from '#platform/environment.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import type { Terminal } from './command-line.js';
import { existingDataFolder } from './data-folder.js';

/** `cairn key` */
export const keyCommand = ({ env, stdout }: Terminal): Command => {
  const command = new Command('key').description('The key in the data folder (CAIRN_DATA_DIR) that signs tokens.');
  command
    .command('rotate')
    .description('make a new key and print its id; the old one still verifies what it has signed')
    .action(async () => {
      const { publicJwk } = await SigningKey.rotate(existingDataFolder(loadEnvironment(env)));
      stdout.write(`${publicJwk.kid}\n`);
    });
  return command;
};
