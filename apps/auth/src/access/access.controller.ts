import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import { ref, streamName } from '#ledger/ref.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import type { AccessRule } from '#contracts/iceprod/access.js';
import { GetAccessRule, SetAccessRule, type SetAccessRuleRequest } from '#contracts/iceprod/users.js';
import { AccessRules } from '#projection/access-rules.js';
import { Mailbox } from '#projection/mailbox.js';
import { ReadModel } from '#projection/read-model.js';
import { isGroup } from '../group/groups.js';
import { setAccessRule } from './set-access-rule.js';

const refused = (error: DomainError): { readonly error: DomainErrorValue } => ({ error: error.toValue() });

/** Messages about the access rules of IceProd datasets. A rule may stand without its dataset (contract 1.7). */
@Controller()
export class AccessController {
  private readonly rules: AccessRules;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
  ) {
    this.rules = new AccessRules(readModel.queries);
  }

  @MessagePattern(SetAccessRule.subject)
  set({ context, request }: Message<SetAccessRuleRequest>): Promise<Answer<Nothing>> {
    const stream = streamName('access', ref('iceprod', 'main', request.dataset_id));
    return this.mailbox.execute<Nothing>({
      context,
      timeMicros: nowMicros(),
      decide: () => {
        const rule = setAccessRule(request, isGroup);
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
}
