import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import type { ArgumentsOf, ResultsOf } from '#platform/thread-functions.js';
import { ThreadLimitExceeded, ThreadPool } from '#platform/thread-pool.js';
import { programPath } from '#platform/program-path.js';
import { TurnBudget } from '#platform/turn-budget.js';
import { ExpansionTooLarge } from '#contracts/iceprod/config/expand.js';
import { type ConfigFunctions, configFunctions } from './config-functions.js';

/** Configs of so many characters and values are worked on here, because a thread would cost more. */
const INLINE_CHARACTERS_MAX = 32 * 1024;
const INLINE_VALUES_MAX = 2000;

/** Expansions that cost more continue in a thread: they start again there. */
const INLINE_WORK_MAX = 128 * 1024;

const THREAD_LIMITS = { threads: 2, waitingMax: 64, timeLimitMs: 20_000, heapMaxMiB: 512 };

type Arguments = ArgumentsOf<ConfigFunctions>;
type Results = ResultsOf<ConfigFunctions>;
type Calls = { readonly [Name in keyof ConfigFunctions]: (...args: Arguments[Name]) => Results[Name] };

const tooMuch = ({ limit }: ThreadLimitExceeded): DomainError =>
  new DomainError('invalid', 'config.too-large', `config is too large: it takes too much ${limit}`);

/**
 * Checks and expands configs without blocking the event loop: short ones a few milliseconds per turn of the event loop, others in
 * threads with limits on time and memory.
 */
@Injectable()
export class ConfigPool implements OnModuleDestroy {
  private readonly inline: Calls = configFunctions(INLINE_WORK_MAX);
  private readonly turns = new TurnBudget();
  private readonly threads = new ThreadPool<ConfigFunctions>({
    module: programPath('apps/datasets/src/iceprod/config/config-thread.js'),
    ...THREAD_LIMITS,
  });

  onModuleDestroy(): Promise<void> {
    return this.threads.close();
  }

  /**
   * Calls one of the {@link configFunctions}.
   *
   * @throws DomainError what the function throws; `invalid` when it takes too much time or memory; `unavailable` when too many
   *   long configs wait
   */
  async run<Name extends keyof ConfigFunctions>(name: Name, ...args: Arguments[Name]): Promise<Results[Name]> {
    if (isShort(args)) {
      try {
        return await this.turns.run(() => this.inline[name](...args));
      } catch (error) {
        if (!(error instanceof ExpansionTooLarge)) throw error;
      }
    }
    try {
      return await this.threads.run(name, ...args);
    } catch (error) {
      throw error instanceof ThreadLimitExceeded ? tooMuch(error) : error;
    }
  }
}

/** Counts commas, because the cost of checking depends on the number of values. */
const hasFewValues = (text: string): boolean => {
  let commas = 0;
  for (let at = text.indexOf(','); at !== -1; at = text.indexOf(',', at + 1)) {
    commas += 1;
    if (commas > INLINE_VALUES_MAX) return false;
  }
  return true;
};

const isShort = (args: readonly unknown[]): boolean =>
  args.every(
    (argument) => typeof argument !== 'string' || (argument.length <= INLINE_CHARACTERS_MAX && hasFewValues(argument)),
  );
