import { Injectable } from '@nestjs/common';
import { isObject } from '#platform/json-object.js';
import { type CallOf, type Envelope, failure, type Handlers } from '../protocol/function.js';
import type { workflowFunctions } from './workflow.functions.js';

type Functions = typeof workflowFunctions;

const NOT_CONFIGURED = failure('Failed to submit raw workflow request: workflow engine is not configured');

const unparsable = (why: string): Envelope => failure(`Failed to parse params: ${why}`);

/** Answers in place of a workflow engine, of which there is none (contract 6.11, 10). */
@Injectable()
export class WorkflowHandlers implements Handlers<Functions> {
  submit_workflow_raw_request({ parameters: { params } }: CallOf<Functions['submit_workflow_raw_request']>): Envelope {
    try {
      const value: unknown = typeof params === 'string' ? JSON.parse(params) : params;
      return isObject(value) ? NOT_CONFIGURED : unparsable('not an object');
    } catch (error) {
      return unparsable(error instanceof Error ? error.message : String(error));
    }
  }

  submit_workflow(): Envelope {
    return NOT_CONFIGURED;
  }
}
