import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import { ExplainRequest, ExplainWorkload } from '#contracts/explain.js';
import { WorkloadExplainers } from './workload-explainers.js';

const notFound = (code: string, message: string): Answer<never> => ({
  error: new DomainError('not-found', code, message).toValue(),
});

/** Explains workloads and asynchronous requests of any dialect, by their public ids. */
@Controller()
export class ExplainController {
  constructor(private readonly explainers: WorkloadExplainers) {}

  @MessagePattern(ExplainWorkload.subject)
  workload(@Payload() message: Message<{ workload_id: string }>): Answer<{ document: string }> {
    return (
      this.explainers.first((explainer) => explainer.explainWorkload(message)) ??
      notFound('workload.not-found', 'Workload not found')
    );
  }

  @MessagePattern(ExplainRequest.subject)
  request(@Payload() message: Message<{ request_id: string }>): Answer<{ document: string }> {
    return (
      this.explainers.first((explainer) => explainer.explainRequest(message)) ??
      notFound('request.not-found', 'Request not found')
    );
  }
}
