import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { ref, streamName } from '#ledger/ref.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { type AccessAction, type AccessRule, authorizeByRule } from '#contracts/access.js';
import {
  GetAccessRule,
  AuthorizeNamed,
  type AuthorizeNamedRequest,
  AuthorizeOwnAccess,
  SetAccessRule,
  type SetAccessRuleRequest,
} from '#contracts/iceprod/users.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import { Groups } from '#event-sourcing/groups.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { refused } from '../../refused.js';
import { setAccessRule } from './set-access-rule.js';

/** Words of the route on which callers ask for themselves (IceProd contract 14). */
const OWN_WORDS: Readonly<Record<string, string>> = {
  'access.no-rule': 'Dataset not found',
  'access.no-list': 'Action not found',
  'access.denied': 'Denied',
};

const authorizeNamed = (
  rules: AccessRules,
  { name, value, role, username, groups }: AuthorizeNamedRequest,
): DomainError | undefined => {
  // Rules hang on datasets only.
  const rule = name === 'dataset_id' ? rules.ruleOf(value) : undefined;
  if (rule !== undefined && role !== 'read' && role !== 'write') {
    return new DomainError('forbidden', 'access.no-list', 'role not found');
  }
  return authorizeByRule(rule, role === 'write' ? 'write' : 'read', username, groups);
};

/** Messages about the access rules of IceProd datasets. A rule may stand without its dataset (contract 1.7). */
@Controller()
export class AccessController {
  private readonly rules: AccessRules;
  private readonly groups: Groups;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
  ) {
    this.rules = new AccessRules(readModel.queries, 'iceprod');
    this.groups = new Groups(readModel.writer);
  }

  @MessagePattern(SetAccessRule.subject)
  set({ context, request }: Message<SetAccessRuleRequest>): Promise<Answer<Nothing>> {
    const stream = streamName('access', ref('iceprod', 'main', request.dataset_id));
    return this.mailbox.execute<Nothing>({
      context,
      timeMicros: nowMicros(),
      decide: () => {
        const rule = setAccessRule(request, (name) => this.groups.has(name));
        return rule instanceof DomainError
          ? rule
          : { events: [{ stream, type: 'AccessRuleSet', data: rule }], reply: {} };
      },
    });
  }

  @MessagePattern(GetAccessRule.subject)
  get({ request }: Message<{ dataset_id: string }>): Answer<AccessRule> {
    const rule = this.rules.ruleOf(request.dataset_id);
    return rule === undefined
      ? refused(new DomainError('not-found', 'access.no-rule', 'Dataset not found'))
      : { reply: rule };
  }

  @MessagePattern(AuthorizeNamed.subject)
  authorizeNamed({ request }: Message<AuthorizeNamedRequest>): Answer<Nothing> {
    const denied = authorizeNamed(this.rules, request);
    return denied === undefined ? { reply: {} } : refused(denied);
  }

  @MessagePattern(AuthorizeOwnAccess.subject)
  authorizeOwn({ context, request }: Message<{ dataset_id: string; action: AccessAction }>): Answer<Nothing> {
    const denied = this.rules.authorize(request.dataset_id, request.action, context.caller);
    if (denied === undefined) return { reply: {} };
    return refused(new DomainError(denied.kind, denied.code, OWN_WORDS[denied.code] ?? denied.message));
  }
}
