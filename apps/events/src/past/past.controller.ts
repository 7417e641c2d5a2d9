import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { formatTimestamp } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import {
  AskPast,
  type AskPastRequest,
  ComparePast,
  type ComparePastRequest,
  LocatePast,
  type LocatePastRequest,
  type Moment,
  type PastHome,
} from '#contracts/cairn/past.js';
import { badCursor } from '#contracts/lists.js';
import type { UnitPlace } from '#contracts/workloads.js';
import type { PastAnswer, UnitDifference, UnitDifferences } from '#contracts/cairn/past-view.js';
import { type EventMetadata, Ledger, type Position } from '#ledger/ledger.js';
import { positionAtTime } from '#ledger/position-at-time.js';
import { partsOfStream, streamName, unescapedId } from '#ledger/ref.js';
import { EventAccess } from '../access/event-access.js';
import { HistoryIndex } from '../index/history-index.js';
import { inTime } from './in-time.js';
import { PastViews } from './past-views.js';
import { pastOf } from './streams-of-past.js';
import { Turns } from './turns.js';

/** Questions of one caller that are answered at the same time: all callers share a few processes. */
const QUESTIONS_OF_CALLER = 4;

/** A comparison of which little comes ends after so many parts, which take a few seconds. */
const PARTS_MAX = 5;

/** Answers questions about workloads as they were. */
@Controller()
export class PastController {
  private readonly turns = new Turns(QUESTIONS_OF_CALLER);

  constructor(
    private readonly index: HistoryIndex,
    private readonly access: EventAccess,
    private readonly ledger: Ledger,
    private readonly views: PastViews,
  ) {}

  @MessagePattern(LocatePast.subject)
  async locate(@Payload() { request, context }: Message<LocatePastRequest>): Promise<Answer<PastHome>> {
    // Who has just made the workload, or changed its rule, asks about that.
    await Promise.all([this.index.showHead(), this.access.showHead()]);
    const ref = this.index.resolveWorkload(request.workload);
    this.access.checkWorkload(ref, context.caller);
    const { dialect, id } = partsOfStream(streamName('workload', ref));
    const position = await this.positionOf(request);
    const event = await this.ledger.eventAt(position);
    return {
      reply: {
        ...{ ref, dialect, position },
        // A long id is not in the ref.
        id: request.workload === ref ? unescapedId(id) : request.workload,
        ...(event !== undefined && { time: timeOf(event.metadata) }),
      },
    };
  }

  @MessagePattern(AskPast.subject)
  async ask(
    @Payload() { request, context: { caller, deadlineMs } }: Message<AskPastRequest>,
  ): Promise<Answer<{ answers: readonly PastAnswer[] }>> {
    const { ref, position, questions } = request;
    this.access.checkWorkload(ref, caller);
    const past = pastOf(ref, position);
    const answers = this.turns.take(caller.username, deadlineMs, () => this.views.ask(past, questions, caller));
    return { reply: { answers: await inTime(answers, deadlineMs) } };
  }

  @MessagePattern(ComparePast.subject)
  async compare(@Payload() { request, context }: Message<ComparePastRequest>): Promise<Answer<Page<UnitDifference>>> {
    const { ref, from, to, limit, cursor } = request;
    const { caller, deadlineMs } = context;
    this.access.checkWorkload(ref, caller);
    const start = cursor === undefined ? undefined : readPlace(cursor);
    if (cursor !== undefined && start === undefined) return { error: badCursor().toValue() };
    const compare = async (): Promise<UnitDifferences> => {
      const entries: UnitDifference[] = [];
      let behind = start;
      for (let parts = 0; parts < PARTS_MAX && entries.length < limit; parts += 1) {
        const left = { behind, limit: limit - entries.length };
        const part = await this.views.differences(pastOf(ref, from), pastOf(ref, to), left);
        entries.push(...part.entries);
        if (part.behind === undefined) return { entries };
        behind = part.behind;
      }
      return { entries, ...(behind !== undefined && { behind }) };
    };
    const differences = this.turns.take(caller.username, deadlineMs, compare);
    const { entries, behind } = await inTime(differences, deadlineMs);
    return { reply: { entries, ...(behind !== undefined && { next: textOfPlace(behind) }) } };
  }

  /** @throws DomainError when the history does not go so far */
  private async positionOf({ position, time_micros: timeMicros }: Moment): Promise<Position> {
    const head = await this.ledger.head();
    if (position === undefined) return timeMicros === undefined ? head : positionAtTime(this.ledger, timeMicros);
    if (position <= head) return position;
    throw new DomainError('invalid', 'past.future', `position is ${position}; the history ends at position ${head}`);
  }
}

const timeOf = (metadata: string): string => `${formatTimestamp((JSON.parse(metadata) as EventMetadata).timeMicros)}Z`;

/** `17:8f1c`, or `:8f1c` without a number. */
const textOfPlace = ([number, id]: UnitPlace): string => `${number ?? ''}:${id}`;

const readPlace = (text: string): UnitPlace | undefined => {
  const [, number, id] = /^(\d{0,10}):(.*)$/s.exec(text) ?? [];
  return id === undefined ? undefined : [number === '' ? null : Number(number), id];
};
