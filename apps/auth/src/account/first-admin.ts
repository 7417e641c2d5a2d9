import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Accounts } from './accounts.js';

const FIRST_ADMIN = 'admin';

/** Makes the first account at the first start. Its password goes to the terminal and never into a log or event. */
@Injectable()
export class FirstAdmin implements OnModuleInit {
  constructor(private readonly accounts: Accounts) {}

  async onModuleInit(): Promise<void> {
    const password = await this.accounts.makeFirst(FIRST_ADMIN);
    if (password === undefined) return;
    process.stdout.write(
      `First start: account ${FIRST_ADMIN} has the password ${password}\n` +
        `It is shown this once. Change it with: npx cairn user password ${FIRST_ADMIN}\n`,
    );
  }
}
