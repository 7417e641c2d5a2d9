import { Injectable } from '@nestjs/common';
import type { Answer, MessageContext } from '#bus/contract.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { admitUser } from '../user/change-user.js';
import { newUserId, type User } from '../user/user.js';
import { Users } from '../user/user-projection.js';

/** Lets people in who have shown the right password: whoever gets in has a record. */
@Injectable()
export class UserAdmission {
  private readonly users: Users;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
  ) {
    this.users = new Users(readModel.writer);
  }

  /**
   * Replies the record, which is made if there is none. Nobody has shown a token yet, so a client's name for the request proves
   * nothing: every login counts anew.
   */
  admit(
    admitted: Pick<User, 'username' | 'roles' | 'groups'>,
    { correlationId, deadlineMs, dialect }: MessageContext,
    timeMicros: number,
  ): Promise<Answer<User>> {
    const { username } = admitted;
    const caller = { subject: username, username, roles: [], groups: [] };
    const userId = newUserId(timeMicros);
    return this.mailbox.execute<User>({
      context: { correlationId, deadlineMs, dialect, caller },
      timeMicros,
      decide: () => {
        const { user, events } = admitUser(this.users.named(username), admitted, userId);
        return { events, reply: user };
      },
    });
  }
}
