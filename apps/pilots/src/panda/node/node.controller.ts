import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { RecordWorkerNode, RecordWorkerNodeGpu } from '#contracts/panda/harvester.js';
import type { WorkerNode, WorkerNodeGpu } from '#contracts/panda/worker-events.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { NodeTables, seeGpu, seeNode } from './node.js';

/** Messages about worker nodes. */
@Controller()
export class NodeController {
  private readonly tables: NodeTables;

  constructor(
    private readonly mailbox: Mailbox,
    { writer }: ReadModel,
  ) {
    this.tables = new NodeTables(writer);
  }

  @MessagePattern(RecordWorkerNode.subject)
  node(@Payload() { context, request }: Message<{ node: WorkerNode; queue: string | null }>): Promise<Answer<Nothing>> {
    const timeMicros = nowMicros();
    return this.mailbox.execute({ context, timeMicros, decide: () => seeNode(this.tables, request, timeMicros) });
  }

  @MessagePattern(RecordWorkerNodeGpu.subject)
  gpu(@Payload() { context, request }: Message<{ gpu: WorkerNodeGpu }>): Promise<Answer<{ was_known: boolean }>> {
    const timeMicros = nowMicros();
    return this.mailbox.execute({ context, timeMicros, decide: () => seeGpu(this.tables, request.gpu, timeMicros) });
  }
}
