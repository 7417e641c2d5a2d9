/** A thread for the tests of `ThreadPool`. */
import { DomainError } from '../domain-error.js';
import { serveThread } from '../thread-functions.js';

export const sampleFunctions = {
  add: (left: number, right: number): number => left + right,
  refuse: (message: string): never => {
    throw new DomainError('conflict', 'sample.refused', message);
  },
  fail: (message: string): never => {
    throw new Error(message);
  },
  runForever: (): never => {
    for (;;);
  },
  fillMemory: (): number => {
    const kept: unknown[] = [];
    for (;;) kept.push({ number: kept.length });
  },
};

serveThread(sampleFunctions);
