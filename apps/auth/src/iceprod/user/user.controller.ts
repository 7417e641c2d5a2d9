import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, MessageContext, Nothing } from '#bus/contract.js';
import {
  AddUserToGroup,
  AssignUserGroups,
  AssignUserRoles,
  CreateUser,
  type CreateUserRequest,
  GetUser,
  GetUserGroups,
  ListUsers,
  DeleteUser,
  PrioritizeUser,
} from '#contracts/iceprod/users.js';
import type { CredentialRecord } from '#contracts/credential-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { Groups } from '#event-sourcing/groups.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Accounts } from '../../account/accounts.js';
import { CredentialsOfOwner, deletionOf } from '../../credential/credentials-of-owner.js';
import { refused } from '../../refused.js';
import { Roles } from '../../role/role-projection.js';
import { changeUser, createUser, deleteUser } from '../../user/change-user.js';
import { newUserId } from '../../user/user.js';
import { userDocument, userNotFound } from './user-document.js';
import { Users } from '../../user/user-projection.js';

const invalid = (code: string, message: string): DomainError => new DomainError('invalid', code, message);
const badGroup = (): DomainError => invalid('user.unknown-group', 'invalid group');

/** Messages about users (IceProd contract 13). */
@Controller()
export class UserController {
  private readonly shown: Users;
  private readonly decided: Users;
  private readonly groups: Groups;
  private readonly roles: Roles;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly credentials: CredentialsOfOwner,
    private readonly accounts: Accounts,
    readModel: ReadModel,
  ) {
    this.shown = new Users(readModel.queries);
    this.decided = new Users(readModel.writer);
    this.groups = new Groups(readModel.writer);
    this.roles = new Roles(readModel.writer);
  }

  @MessagePattern(ListUsers.subject)
  list({ request }: Message<{ username?: string }>): Answer<{ document: string }> {
    return { reply: { document: `{"results":[${this.shown.list(request.username).map(userDocument).join(',')}]}` } };
  }

  @MessagePattern(GetUser.subject)
  get({ request }: Message<{ user: string }>): Answer<{ document: string }> {
    const known = this.shown.find(request.user);
    return known === undefined ? refused(userNotFound()) : { reply: { document: userDocument(known.user) } };
  }

  @MessagePattern(GetUserGroups.subject)
  getGroups({ request }: Message<{ user: string }>): Answer<{ results: readonly string[] }> {
    const known = this.shown.find(request.user);
    return known === undefined ? refused(userNotFound()) : { reply: { results: known.user.groups } };
  }

  @MessagePattern(CreateUser.subject)
  create({ context, request }: Message<CreateUserRequest>): Promise<Answer<{ user_id: string }>> {
    const timeMicros = nowMicros();
    const userId = newUserId(timeMicros);
    return this.mailbox.execute<{ user_id: string }>({
      context,
      timeMicros,
      decide: () => {
        const event = createUser(this.decided.named(request.username), request, userId);
        return event instanceof DomainError ? event : { events: [event], reply: { user_id: userId } };
      },
    });
  }

  /**
   * With the record everything ends that is held in its name: sessions and refresh tokens because they name it, other tokens by revocation. A
   * local account goes first, since a login with its password would create the record again, with its roles.
   */
  @MessagePattern(DeleteUser.subject)
  async delete({ context, request }: Message<{ user: string }>): Promise<Answer<Nothing>> {
    await this.accounts.remove(this.shown.find(request.user)?.user.username ?? request.user);
    let ended: readonly CredentialRecord[] = [];
    const answer = await this.change(context, () => {
      const known = this.decided.find(request.user);
      const username = known?.user.username ?? request.user;
      ended = this.credentials.of({ user: username });
      return [...deleteUser(username), ...ended.map(deletionOf)];
    });
    if (!('error' in answer)) await this.credentials.forget(ended);
    return answer;
  }

  @MessagePattern(PrioritizeUser.subject)
  prioritize({ context, request }: Message<{ username: string; priority: number }>): Promise<Answer<Nothing>> {
    return this.change(context, (nowMs) => {
      const known = this.decided.named(request.username);
      return known === undefined
        ? invalid('user.unknown', 'bad username')
        : changeUser(known, { type: 'UserPrioritized', data: request }, nowMs);
    });
  }

  @MessagePattern(AddUserToGroup.subject)
  join({ context, request: { user, group } }: Message<{ user: string; group: string }>): Promise<Answer<Nothing>> {
    return this.change(context, (nowMs) => {
      if (!this.groups.has(group)) return badGroup();
      const known = this.decided.find(user);
      if (known === undefined) return userNotFound();
      const { username, groups } = known.user;
      return groups.includes(group)
        ? []
        : changeUser(known, { type: 'UserJoinedGroup', data: { username, group } }, nowMs);
    });
  }

  @MessagePattern(AssignUserGroups.subject)
  regroup({
    context,
    request: { user, groups },
  }: Message<{ user: string; groups: readonly string[] }>): Promise<Answer<Nothing>> {
    return this.change(context, (nowMs) => {
      if (!groups.every((group) => this.groups.has(group))) return badGroup();
      const known = this.decided.find(user);
      if (known === undefined) return userNotFound();
      const data = { username: known.user.username, groups: [...new Set(groups)] };
      return changeUser(known, { type: 'UserGroupsAssigned', data }, nowMs);
    });
  }

  @MessagePattern(AssignUserRoles.subject)
  assign({
    context,
    request: { user, roles },
  }: Message<{ user: string; roles: readonly string[] }>): Promise<Answer<Nothing>> {
    return this.change(context, (nowMs) => {
      if (!roles.every((role) => this.roles.has(role))) return invalid('user.unknown-role', 'invalid role name');
      const known = this.decided.find(user);
      if (known === undefined) return userNotFound();
      const data = { username: known.user.username, roles: [...new Set(roles)] };
      return changeUser(known, { type: 'UserRolesAssigned', data }, nowMs);
    });
  }

  private change(
    context: MessageContext,
    decide: (nowMs: number) => readonly DecidedEvent[] | DomainError,
  ): Promise<Answer<Nothing>> {
    const timeMicros = nowMicros();
    return this.mailbox.execute<Nothing>({
      context,
      timeMicros,
      decide: () => {
        const events = decide(Math.floor(timeMicros / 1000));
        return events instanceof DomainError ? events : { events, reply: {} };
      },
    });
  }
}
