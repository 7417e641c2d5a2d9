import { Injectable } from '@nestjs/common';
import { isObject, objectIn } from '#platform/json-object.js';
import { Bus } from '#bus/bus.js';
import type { TaskCommandName } from '#contracts/panda/events.js';
import {
  CHANGEABLE_ATTRIBUTES,
  CHANGEABLE_TAGS,
  ChangeTask,
  type ChangeTaskRequest,
  type CommandOptions,
  CommandTask,
  KillTaskJobs,
  ReassignShare,
  type RetryQualifier,
  RetryTaskWithParameters,
  SubmitTask,
  type TaskReply,
} from '#contracts/panda/task-commands.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, failure, type Handlers, type PandaCall, success } from '../protocol/function.js';
import { pythonRepr } from '../protocol/values.js';
import type { taskFunctions } from './task.functions.js';

type Functions = typeof taskFunctions;

/** Numbers beyond it are mistakes, and fit nowhere. */
const NUMBER_MAX = 2 ** 31 - 1;
const ATTEMPTS_MAX = 1_000;
/** A century. */
const HOURS_MAX = 876_600;

const fits = (value: number): boolean => Math.abs(value) <= NUMBER_MAX;

/** The functions that change tasks (PanDA contract 6.10). */
@Injectable()
export class TaskHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async submit(call: CallOf<Functions['submit']>): Promise<Envelope> {
    const { task_parameters: parameters, parent_tid } = call.parameters;
    const { scheme, host } = call.request;
    const request = {
      ...{ parameters: JSON.stringify(parameters), parent_tid, principal: principalOf(call) },
      default_trans_path: `${scheme}://${host}/trf/user/runGen-00-00-02`,
    };
    const { code, message, task_id: id } = await this.bus.request(SubmitTask, request, call.context);
    return code === 0 || code === 3 ? success(id, message) : failure(message, code);
  }

  async retry(call: CallOf<Functions['retry']>): Promise<Envelope> {
    const { task_id, new_parameters: changes, ...flags } = call.parameters;
    const options = { qualifiers: qualifiersOf(flags) };
    const reply =
      changes === null
        ? await this.command(call, 'retry', options)
        : await this.retryWith(call, task_id, changes, options);
    return reply.code === 0 || reply.code === 3
      ? success(reply.code, reply.message)
      : failure(reply.message, reply.code);
  }

  async resume(call: CallOf<Functions['resume']>): Promise<Envelope> {
    return answerOf(await this.command(call, 'resume'));
  }

  async release(call: CallOf<Functions['release']>): Promise<Envelope> {
    return answerOf(await this.command(call, 'release'));
  }

  async pause(call: CallOf<Functions['pause']>): Promise<Envelope> {
    return answerOf(await this.command(call, 'pause'));
  }

  async avalanche(call: CallOf<Functions['avalanche']>): Promise<Envelope> {
    return answerOf(await this.command(call, 'avalanche'));
  }

  async reassign(call: CallOf<Functions['reassign']>): Promise<Envelope> {
    const { site, cloud, nucleus, soft, mode } = call.parameters;
    return answerOf(
      await this.command(call, 'reassign', {
        ...(site !== null && { site }),
        ...(cloud !== null && { cloud }),
        ...(nucleus !== null && { nucleus }),
        ...((soft === true || mode === 'soft') && { soft: true }),
        ...(mode === 'nokill' && { nokill: true }),
      }),
    );
  }

  async kill(call: CallOf<Functions['kill']>): Promise<Envelope> {
    return answerOf(await this.command(call, 'kill'));
  }

  async finish(call: CallOf<Functions['finish']>): Promise<Envelope> {
    return answerOf(await this.command(call, 'finish', call.parameters.soft ? { soft: true } : {}));
  }

  async reload_input(call: CallOf<Functions['reload_input']>): Promise<Envelope> {
    const options: CommandOptions = call.parameters.ignore_hard_exhausted ? { qualifiers: ['transcend'] } : {};
    return answerOf(await this.command(call, 'incexec', options));
  }

  async kill_unfinished_jobs(call: CallOf<Functions['kill_unfinished_jobs']>): Promise<Envelope> {
    const { task_id, code } = call.parameters;
    const principal = principalOf(call);
    const request = { task_id, code, by: principal.dn, principal };
    const { killed } = await this.bus.request(KillTaskJobs, request, call.context);
    return success(killed);
  }

  async reactivate(call: CallOf<Functions['reactivate']>): Promise<Envelope> {
    const { task_id, keep_attempt_nr: keeps_attempts } = call.parameters;
    return answerOf(await this.change(call, { task_id, change: 'reactivate', keeps_attempts }));
  }

  async increase_attempts(call: CallOf<Functions['increase_attempts']>): Promise<Envelope> {
    const { task_id, increase } = call.parameters;
    if (increase < 0 || increase > ATTEMPTS_MAX) {
      return failure(`increase must be a positive integer, got ${increase}`);
    }
    return answerOf(await this.change(call, { task_id, change: 'attempts', increase }));
  }

  async change_attribute(call: CallOf<Functions['change_attribute']>): Promise<Envelope> {
    const { task_id, attribute_name: name, value } = call.parameters;
    const attribute = CHANGEABLE_ATTRIBUTES.find((word) => word === name);
    if (attribute === undefined) {
      return failure(`${name} is not a valid attribute. Valid attributes are ${pythonRepr(CHANGEABLE_ATTRIBUTES)}`);
    }
    if (!fits(value)) return failure('Exception while changing the attribute');
    return changedAnswer(await this.change(call, { task_id, change: 'attribute', attribute, value }));
  }

  async change_modification_time(call: CallOf<Functions['change_modification_time']>): Promise<Envelope> {
    const { task_id, positive_hour_offset: hours } = call.parameters;
    if (Math.abs(hours) > HOURS_MAX) return failure(`failed to convert ${hours} to time`);
    return changedAnswer(await this.change(call, { task_id, change: 'modification_time', hours }));
  }

  async change_priority(call: CallOf<Functions['change_priority']>): Promise<Envelope> {
    const { task_id, priority } = call.parameters;
    if (!fits(priority)) return failure('Exception while changing the priority');
    return changedAnswer(await this.change(call, { task_id, change: 'priority', priority }));
  }

  async change_split_rule(call: CallOf<Functions['change_split_rule']>): Promise<Envelope> {
    const { task_id, attribute_name: tag, value } = call.parameters;
    if (!CHANGEABLE_TAGS.includes(tag)) {
      return failure(`${tag} is not a valid attribute. Valid attributes are ${pythonRepr(CHANGEABLE_TAGS)}`, 2);
    }
    const text = ruleValueOf(value);
    if (text === undefined) return failure('Exception while changing the attribute');
    return changedAnswer(await this.change(call, { task_id, change: 'split_rule', tag, value: text }));
  }

  async reassign_global_share(call: CallOf<Functions['reassign_global_share']>): Promise<Envelope> {
    const { task_id_list: task_ids, share, reassign_running_jobs: includes_running } = call.parameters;
    return answerOf(await this.bus.request(ReassignShare, { task_ids, share, includes_running }, call.context));
  }

  private command(
    call: PandaCall & { readonly parameters: { readonly task_id: number } },
    command: TaskCommandName,
    options: CommandOptions = {},
  ): Promise<TaskReply> {
    const request = { task_id: call.parameters.task_id, command, options, principal: principalOf(call) };
    return this.bus.request(CommandTask, request, call.context);
  }

  private async retryWith(
    call: PandaCall,
    task_id: number,
    changes: unknown,
    options: CommandOptions,
  ): Promise<TaskReply> {
    const parameters = typeof changes === 'string' ? objectIn(changes) : changes;
    if (!isObject(parameters)) {
      return { code: 1, message: 'new parameter conversion failed with a value that is not a JSON object' };
    }
    const request = { task_id, new_parameters: JSON.stringify(parameters), options, principal: principalOf(call) };
    return this.bus.request(RetryTaskWithParameters, request, call.context);
  }

  private change({ context }: PandaCall, request: ChangeTaskRequest): Promise<TaskReply> {
    return this.bus.request(ChangeTask, request, context);
  }
}

const answerOf = ({ code, message }: TaskReply): Envelope =>
  code === 0 ? success(code, message) : failure(message, code);

/** The change of an attribute tells no code. */
const changedAnswer = ({ code, message }: TaskReply): Envelope =>
  code === 0 ? success(null, message) : failure(message);

type RetryFlags = Readonly<
  Record<
    'no_child_retry' | 'discard_events' | 'disable_staging_mode' | 'keep_gshare_priority' | 'ignore_hard_exhausted',
    boolean
  >
>;

const QUALIFIERS = [
  ['no_child_retry', 'sole'],
  ['discard_events', 'discard'],
  ['disable_staging_mode', 'staged'],
  ['keep_gshare_priority', 'keep'],
  ['ignore_hard_exhausted', 'transcend'],
] as const;

/** The words of a retry (contract 4.1.6). */
const qualifiersOf = (flags: RetryFlags): readonly RetryQualifier[] =>
  QUALIFIERS.filter(([flag]) => flags[flag]).map(([, word]) => word);

/** Null removes a rule; undefined is no value of a rule. */
const ruleValueOf = (value: unknown): string | null | undefined => {
  if (value === null || value === '' || value === 'None') return null;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && /^[^,=]{1,64}$/u.test(value) ? value : undefined;
};
