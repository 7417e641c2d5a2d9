import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { type DirectoryEvents, ROLES_STREAM } from '#contracts/directory-events.js';
import { BUILT_IN_ROLES } from '#contracts/directory.js';
import { DefineRole, DeleteRole, GetRole, ListRoles } from '#contracts/iceprod/users.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { refused } from '../../refused.js';
import { isTooLarge } from '../../too-large.js';
import { Roles } from '../../role/role-projection.js';

const builtIn = (): DomainError => new DomainError('invalid', 'role.built-in', 'role is built in');

/** Messages about roles (IceProd contract 13). */
@Controller()
export class RoleController {
  private readonly shown: Roles;
  private readonly decided: Roles;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
  ) {
    this.shown = new Roles(readModel.queries);
    this.decided = new Roles(readModel.writer);
  }

  @MessagePattern(ListRoles.subject)
  list(): Answer<{ results: readonly string[] }> {
    return { reply: { results: this.shown.names() } };
  }

  @MessagePattern(GetRole.subject)
  get({ request }: Message<{ name: string }>): Answer<{ document: string }> {
    const { name } = request;
    const extra = this.shown.extraOf(name);
    if (extra === undefined) return refused(new DomainError('not-found', 'role.not-found', 'Role not found'));
    return { reply: { document: objectText([['name', JSON.stringify(name)], ...membersOf(extra)]) } };
  }

  @MessagePattern(DefineRole.subject)
  define({ context, request }: Message<DirectoryEvents['RoleDefined']>): Promise<Answer<Nothing>> {
    return this.mailbox.execute<Nothing>({
      context,
      timeMicros: nowMicros(),
      decide: () => {
        if (BUILT_IN_ROLES.includes(request.name)) return builtIn();
        if (isTooLarge(request)) return new DomainError('invalid', 'role.too-large', 'role too large');
        const { name, extra } = request;
        return { events: [{ stream: ROLES_STREAM, type: 'RoleDefined', data: { name, extra } }], reply: {} };
      },
    });
  }

  @MessagePattern(DeleteRole.subject)
  delete({ context, request: { name } }: Message<{ name: string }>): Promise<Answer<Nothing>> {
    return this.mailbox.execute<Nothing>({
      context,
      timeMicros: nowMicros(),
      decide: () => {
        if (BUILT_IN_ROLES.includes(name)) return builtIn();
        const retired = { stream: ROLES_STREAM, type: 'RoleDeleted', data: { name } };
        return { events: this.decided.has(name) ? [retired] : [], reply: {} };
      },
    });
  }
}
