import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Nothing } from '#bus/contract.js';
import { Reached } from '#bus/visibility.js';

@Controller()
export class VisibilityController {
  @MessagePattern(Reached('pilots').subject)
  reached(): Answer<Nothing> {
    return { reply: {} };
  }
}
