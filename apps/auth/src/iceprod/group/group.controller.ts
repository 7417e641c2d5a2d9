import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { GROUPS_STREAM } from '#contracts/directory-events.js';
import {
  CreateGroup,
  DeleteGroup,
  DescribeGroup,
  GetGroup,
  type GroupRequest,
  ListGroups,
} from '#contracts/iceprod/users.js';
import type { CredentialRecord } from '#contracts/credential-events.js';
import { newId } from '#contracts/ids.js';
import { Groups } from '#event-sourcing/groups.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { CredentialsOfOwner, deletionOf } from '../../credential/credentials-of-owner.js';
import { refused } from '../../refused.js';
import { createGroup, deleteGroup, describeGroup } from '../../group/group.js';
import { builtInGroupDocuments, groupDocument, groupNotFound } from './group-document.js';

/** Messages about groups (IceProd contract 13). */
@Controller()
export class GroupController {
  private readonly shown: Groups;
  private readonly decided: Groups;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly credentials: CredentialsOfOwner,
    readModel: ReadModel,
  ) {
    this.shown = new Groups(readModel.queries);
    this.decided = new Groups(readModel.writer);
  }

  @MessagePattern(ListGroups.subject)
  list(): Answer<{ document: string }> {
    const groups = [...builtInGroupDocuments.values(), ...this.shown.custom().map(groupDocument)];
    return { reply: { document: `{"results":[${groups.join(',')}]}` } };
  }

  @MessagePattern(GetGroup.subject)
  get({ request }: Message<{ group: string }>): Answer<{ document: string }> {
    const builtIn = builtInGroupDocuments.get(request.group);
    if (builtIn !== undefined) return { reply: { document: builtIn } };
    const group = this.shown.find(request.group);
    return group === undefined ? refused(groupNotFound()) : { reply: { document: groupDocument(group) } };
  }

  @MessagePattern(CreateGroup.subject)
  create({ context, request }: Message<GroupRequest>): Promise<Answer<{ group_id: string }>> {
    const timeMicros = nowMicros();
    const groupId = newId(GROUPS_STREAM, timeMicros);
    return this.mailbox.execute<{ group_id: string }>({
      context,
      timeMicros,
      decide: () => {
        const event = createGroup(this.decided, request, groupId);
        return event instanceof DomainError ? event : { events: [event], reply: { group_id: groupId } };
      },
    });
  }

  @MessagePattern(DescribeGroup.subject)
  describe({ context, request }: Message<GroupRequest>): Promise<Answer<Nothing>> {
    const timeMicros = nowMicros();
    const groupId = newId(GROUPS_STREAM, timeMicros);
    return this.mailbox.execute<Nothing>({
      context,
      timeMicros,
      decide: () => {
        const event = describeGroup(this.decided, request, groupId);
        return event instanceof DomainError ? event : { events: [event], reply: {} };
      },
    });
  }

  @MessagePattern(DeleteGroup.subject)
  async delete({ context, request }: Message<{ group: string }>): Promise<Answer<Nothing>> {
    let ended: readonly CredentialRecord[] = [];
    const answer = await this.mailbox.execute<Nothing>({
      context,
      timeMicros: nowMicros(),
      decide: () => {
        const event = deleteGroup(this.decided, request.group);
        if (event instanceof DomainError) return event;
        ended = this.credentials.of({ group: this.decided.find(request.group)?.name ?? request.group });
        return { events: [...(event === undefined ? [] : [event]), ...ended.map(deletionOf)], reply: {} };
      },
    });
    if (!('error' in answer)) await this.credentials.forget(ended);
    return answer;
  }
}
