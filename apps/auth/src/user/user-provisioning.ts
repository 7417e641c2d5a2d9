import { Injectable } from '@nestjs/common';
import { authenticationFailed } from '#platform/tokens/verifier.js';
import type { Answer, MessageContext } from '#bus/contract.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { RecordedRevocations } from '../revocation/revocation-projection.js';
import { provisionUser } from './change-user.js';
import { newUserId, type User } from './user.js';
import { Users } from './user-projection.js';

/** Creates the record of a user at the first login. */
@Injectable()
export class UserProvisioning {
  private readonly users: Users;
  private readonly revocations: RecordedRevocations;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
  ) {
    this.users = new Users(readModel.writer);
    this.revocations = new RecordedRevocations(readModel.writer);
  }

  /**
   * Replies the record, which is created if there is none. There is no token yet that proves who sends the request, so a
   * command id given by the client is ignored: every login counts. A user who was removed since the login began is refused.
   *
   * @param timeMicros when the login began, before the password was checked
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
        if (this.revocations.isRevoked(username, Math.floor(timeMicros / 1000))) return authenticationFailed();
        const { user, events } = provisionUser(this.users.named(username), authenticated, userId);
        return { events, reply: user };
      },
    });
  }
}
