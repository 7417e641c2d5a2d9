import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { SetTargetSlots } from '#contracts/panda/harvester.js';
import type { SlotEvents } from '#contracts/panda/worker-events.js';
import type { Decided } from '#event-sourcing/command.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { queueStream } from '../streams.js';

type Slots = SlotEvents['SlotsTargeted'];

/** So many slots release the target (contract 6.4). */
const RELEASE = -1;

/** Sets how many slots a queue shall have, of a share and of a resource type where they are given (contract 3.11). */
const targetSlots = ({
  queue,
  share,
  resource_type: type,
  slots,
  expires_micros: expires,
}: Slots): Decided<Nothing> => {
  const stream = queueStream(queue);
  const of = { queue, share, resource_type: type };
  const released: SlotEvents['SlotsReleased'] = of;
  const targeted: Slots = { ...of, slots, expires_micros: expires };
  return {
    events: [
      slots === RELEASE
        ? { stream, type: 'SlotsReleased', data: released }
        : { stream, type: 'SlotsTargeted', data: targeted },
    ],
    reply: {},
  };
};

/** Messages about target slots, which operators find in the history of the queue. */
@Controller()
export class SlotsController {
  constructor(private readonly mailbox: Mailbox) {}

  @MessagePattern(SetTargetSlots.subject)
  target(@Payload() { context, request }: Message<Slots>): Promise<Answer<Nothing>> {
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide: () => targetSlots(request) });
  }
}
