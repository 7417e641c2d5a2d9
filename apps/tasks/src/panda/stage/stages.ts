import { Injectable } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { commandStage } from '../command/command-stage.js';
import { feedStage } from '../feed/feed-stage.js';
import { generateStage } from '../generate/generate-stage.js';
import { progressStage } from '../progress/progress-stage.js';
import { jumboStage } from '../range/jumbo-stage.js';
import { refineStage } from '../refine/refine-stage.js';
import { scoutStage } from '../scout/scout-stage.js';
import { throttleStage } from '../scout/throttle-stage.js';
import type { Stage } from './stage.js';

/** The stages of tasks in the order in which they are asked: commands come first. */
@Injectable()
export class Stages {
  readonly all: readonly Stage[];

  constructor({
    PANDA_UNSTARTED_JOBS_MAX: unstartedJobsMax,
    PANDA_PENDING_SECONDS_MAX: pendingSecondsMax,
  }: Environment) {
    this.all = [
      ...[commandStage, refineStage, feedStage, scoutStage, throttleStage(unstartedJobsMax), progressStage],
      jumboStage,
      generateStage({ unstartedJobsMax, pendingSecondsMax }),
    ];
  }
}
