import { Injectable } from '@nestjs/common';
import type { Answer, MessageContext } from '#bus/contract.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { provisionUser } from './change-user.js';
import { newUserId, type User } from './user.js';
import { Users } from './user-projection.js';

/** Creates the record of a user at the first login. */
@Injectable()
export class UserProvisioning {
  private readonly users: Users;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
  ) {
    this.users = new Users(readModel.writer);
  }

  /**
   * Replies the record, which is created if there is none. There is no token yet that proves who sends the request, so a
   * command id given by the client is ignored: every login counts.
   */
  provision(
    authenticated: Pick<User, 'username' | 'roles' | 'groups'>,
    { correlationId, deadlineMs, dialect }: MessageContext,
    timeMicros: number,
  ): Promise<Answer<User>> {
    const { username } = authenticated;
    const caller = { subject: username, username, roles: [], groups: [] };
    const userId = newUserId(timeMicros);
    return this.mailbox.execute<User>({
      context: { correlationId, deadlineMs, dialect, caller },
      timeMicros,
      decide: () => {
        const { user, events } = provisionUser(this.users.named(username), authenticated, userId);
        return { events, reply: user };
      },
    });
  }
}
