import { DomainError } from '#platform/domain-error.js';

/** A refusal names so many problems at most. */
const PROBLEMS_MAX = 20;

/** Collects what is wrong with a request, so that its refusal can tell all at once. */
export class Problems {
  private readonly messages: string[] = [];
  private first: DomainError | undefined;

  get areEnough(): boolean {
    return this.messages.length >= PROBLEMS_MAX;
  }

  /** @param place where in the request; absent when there is only one */
  add(place: string | undefined, problem: DomainError): void {
    this.first ??= problem;
    if (this.areEnough) return;
    this.messages.push(place === undefined ? problem.message : `${place}: ${problem.message}`);
  }

  /** Of the kind of the first problem. */
  refusal(): DomainError | undefined {
    if (this.first === undefined) return undefined;
    const { kind, code, details } = this.first;
    return new DomainError(kind, code, this.messages.join('; '), details);
  }
}
