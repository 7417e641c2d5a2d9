import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import {
  type CommandReply,
  KillJobs,
  type KillJobsRequest,
  SetDebugMode,
  type SetDebugModeRequest,
  SetJobCommand,
  type SetJobCommandRequest,
} from '#contracts/panda/kill.js';
import { setDebugMode } from '../debug/set-debug-mode.js';
import { setJobCommand } from '../debug/set-job-command.js';
import { PandaMessageHandler } from '../message-handler.js';
import { killRequested } from './kill-requested.js';

/** Messages that tell pilots what to do. */
@Controller()
export class KillController {
  constructor(private readonly handler: PandaMessageHandler) {}

  @MessagePattern(KillJobs.subject)
  kill(@Payload() message: Message<KillJobsRequest>): Promise<Answer<{ readonly killed: readonly boolean[] }>> {
    return this.handler.execute(message, (view, timeMicros) => killRequested(view, message.request, timeMicros));
  }

  @MessagePattern(SetJobCommand.subject)
  setCommand(@Payload() message: Message<SetJobCommandRequest>): Promise<Answer<CommandReply>> {
    return this.handler.execute(message, (view) => setJobCommand(view, message.request));
  }

  @MessagePattern(SetDebugMode.subject)
  setDebugMode(@Payload() message: Message<SetDebugModeRequest>): Promise<Answer<CommandReply>> {
    return this.handler.execute(message, (view) => setDebugMode(view, message.request));
  }
}
