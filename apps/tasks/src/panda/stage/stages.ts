import { commandStage } from '../command/command-stage.js';
import { feedStage } from '../feed/feed-stage.js';
import { progressStage } from '../progress/progress-stage.js';
import { refineStage } from '../refine/refine-stage.js';
import type { Stage } from './stage.js';

/** The stages of tasks in the order in which they are asked: commands come first. */
export const stages: readonly Stage[] = [commandStage, refineStage, feedStage, progressStage];
