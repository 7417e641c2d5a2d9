import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { PRIVATE_FILE } from '#platform/private-files.js';
import { Accounts } from './accounts.js';

const FIRST_ADMIN = 'admin';

/** In the data folder. */
const PASSWORD_FILE = 'first-admin-password';

/**
 * Creates the first account at the first start. Its password goes to the terminal; where there is none, into a file, because what a
 * process prints is then kept by whoever collects logs.
 */
@Injectable()
export class FirstAdmin implements OnModuleInit {
  constructor(
    private readonly accounts: Accounts,
    private readonly environment: Environment,
  ) {}

  async onModuleInit(): Promise<void> {
    const password = await this.accounts.makeFirst(FIRST_ADMIN);
    if (password === undefined) return;
    const { CAIRN_DATA_DIR: folder } = this.environment;
    const where = folder === new Environment().CAIRN_DATA_DIR ? '' : `CAIRN_DATA_DIR=${folder} `;
    const shown = process.stdout.isTTY
      ? `has the password ${password}\nIt is shown this once.`
      : `has the password in ${await this.write(join(folder, PASSWORD_FILE), password)}\nDelete the file once you have it.`;
    process.stdout.write(
      `First start: account ${FIRST_ADMIN} ${shown} Change the password with: ${where}npx cairn user password ${FIRST_ADMIN}\n`,
    );
  }

  private async write(file: string, password: string): Promise<string> {
    // A file that somebody else put there could stay open to others.
    await rm(file, { force: true });
    await writeFile(file, `${password}\n`, { flag: 'wx', mode: PRIVATE_FILE });
    return file;
  }
}
