import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Accounts } from './accounts.js';

const FIRST_ADMIN = 'admin';

/** Creates the first account at the first start. Its password goes to the terminal and never into a log or event. */
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
    process.stdout.write(
      `First start: account ${FIRST_ADMIN} has the password ${password}\n` +
        `It is shown this once. Change it with: ${where}npx cairn user password ${FIRST_ADMIN}\n`,
    );
  }
}
