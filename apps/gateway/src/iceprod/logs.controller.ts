import { Controller } from '@nestjs/common';
import {
  AddLog,
  DeleteLog,
  DeleteLogs,
  type DeleteLogsRequest,
  GetLog,
  ListTaskLogs,
  QueryLogs,
} from '#contracts/iceprod/logs.js';
import type { Call, CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers, resultOf, untouched } from './answers.js';
import { LogAnswers } from './log-answers.js';
import { logRoutes as routes } from './logs.routes.js';

/** Python writes a float with a fraction, so does this. */
const percent = (value: number): string => (Number.isInteger(value) ? `${String(value)}.0` : String(value));

const COMPLETE = '{"status": "complete", "percent_complete": 100.0}\n';

@Controller()
export class LogsController {
  constructor(
    private readonly answers: Answers,
    private readonly logs: LogAnswers,
  ) {}

  @Serves(routes.query)
  query(@ValidatedCall() call: CallOf<typeof routes.query>): Promise<RouteResponse> {
    return this.logs.pages(QueryLogs, call, '{', '}');
  }

  @Serves(routes.add)
  async add(@ValidatedCall() call: CallOf<typeof routes.add>): Promise<RouteResponse> {
    return resultOf((await this.answers.reply(AddLog, call)).log_id);
  }

  @Serves(routes.get)
  async get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.logs.document((await this.answers.reply(GetLog, call)).log);
  }

  @Serves(routes.delete)
  delete(@ValidatedCall() call: CallOf<typeof routes.delete>): Promise<RouteResponse> {
    return this.answers.emptyObject(DeleteLog, call);
  }

  @Serves(routes.addToDataset)
  async addToDataset(@ValidatedCall() call: CallOf<typeof routes.addToDataset>): Promise<RouteResponse> {
    return resultOf((await this.answers.reply(AddLog, call)).log_id);
  }

  @Serves(routes.deleteOfDataset)
  async deleteOfDataset(@ValidatedCall() call: CallOf<typeof routes.deleteOfDataset>): Promise<RouteResponse> {
    const steps = this.deleting(call);
    // The first step runs before the answer begins: its refusal is an ordinary error.
    const first = await steps.next();
    return first.done === true ? untouched(COMPLETE) : progress(first.value, steps);
  }

  @Serves(routes.getOfDataset)
  async getOfDataset(@ValidatedCall() call: CallOf<typeof routes.getOfDataset>): Promise<RouteResponse> {
    return this.logs.document((await this.answers.reply(GetLog, call)).log);
  }

  @Serves(routes.listOfTask)
  listOfTask(@ValidatedCall() call: CallOf<typeof routes.listOfTask>): Promise<RouteResponse> {
    return this.logs.pages(ListTaskLogs, call, '{"logs":[', ']}');
  }

  @Serves(routes.deleteOfTask)
  deleteOfTask(@ValidatedCall() call: CallOf<typeof routes.deleteOfTask>): Promise<RouteResponse> {
    return this.deleteAll(call);
  }

  @Serves(routes.deleteOfTaskAlias)
  deleteOfTaskAlias(@ValidatedCall() call: CallOf<typeof routes.deleteOfTaskAlias>): Promise<RouteResponse> {
    return this.deleteAll(call);
  }

  private async deleteAll(call: Call<DeleteLogsRequest>): Promise<RouteResponse> {
    const steps = this.deleting(call);
    while ((await steps.next()).done !== true);
    return '{}';
  }

  /** Step by step; each is a command, those of a named request with names of their own, so that its repeat repeats the same ones. */
  private async *deleting({ input, context }: Call<DeleteLogsRequest>): AsyncGenerator<Deleted, void, void> {
    const budgetMs = context.deadlineMs - Date.now();
    let left: number | undefined;
    for (let step = 0; ; step += 1) {
      const commandId = context.commandId && `${context.commandId}.${String(step)}`;
      const named = { ...context, ...(commandId !== undefined && { commandId }), deadlineMs: Date.now() + budgetMs };
      const ordered = { ...input, ...(left !== undefined && { left }) };
      const reply = await this.answers.reply(DeleteLogs, { input: ordered, context: named });
      if (reply.deleted === 0) return;
      yield reply;
      ({ left } = reply);
      if (left === 0) return;
    }
  }
}

interface Deleted {
  readonly deleted: number;
  readonly left: number;
}

/** One line for each deleted log (IceProd contract 9). */
async function* progress(
  first: Deleted,
  more: AsyncGenerator<Deleted, void, void>,
): AsyncGenerator<string, void, void> {
  const total = first.deleted + first.left;
  let done = 0;
  const lines = ({ deleted }: Deleted): string => {
    let text = '';
    for (const end = done + deleted; done < end;) {
      done += 1;
      const part = percent(Math.min((done / total) * 100, 100));
      text += `{"status": "deleting", "percent_complete": ${part}, "total": ${String(total)}}\n`;
    }
    return text;
  };
  yield lines(first);
  for await (const step of more) yield lines(step);
  yield COMPLETE;
}
