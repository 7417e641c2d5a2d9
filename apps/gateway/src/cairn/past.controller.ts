import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { AskPast, ComparePast, LocatePast, type PastHome, type PastQuestion } from '#contracts/cairn/past.js';
import type { PastAnswer } from '#contracts/cairn/past-view.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import { DomainError } from '#platform/domain-error.js';
import { DialectTable } from '../edge/dialect-table.js';
import { invalid } from '../route/request-source.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { pastRoutes as routes } from './past.routes.js';

const OK = 200;
const NOT_FOUND = 404;

@Controller()
export class PastController {
  constructor(
    private readonly bus: Bus,
    private readonly dialects: DialectTable,
  ) {}

  @Serves(routes.at)
  async at(@ValidatedCall() { input, context }: CallOf<typeof routes.at>): Promise<RouteResponse> {
    const { unit, path, ...asked } = input;
    if (asked.position !== undefined && asked.time_micros !== undefined) {
      throw invalid('position and time are both given');
    }
    if (path !== undefined && !path.startsWith('/')) throw invalid('path must begin with a slash');
    const home = await this.bus.request(LocatePast, asked, context);
    const members =
      path === undefined ? await this.documents(home, unit, context) : await this.answer(home, path, context);
    return objectText([
      ['ref', JSON.stringify(home.ref)],
      ['position', String(home.position)],
      ...(home.time === undefined ? [] : [['time', JSON.stringify(home.time)] as const]),
      ...members,
    ]);
  }

  @Serves(routes.diff)
  async diff(@ValidatedCall() { input, context }: CallOf<typeof routes.diff>): Promise<RouteResponse> {
    const { workload, limit, cursor } = input;
    if (input.from === undefined) throw invalid('from is missing');
    const from = await this.bus.request(LocatePast, { workload, ...input.from }, context);
    const to = await this.bus.request(LocatePast, { workload, ...input.to }, context);
    const members: Member[] = [];
    if (cursor === undefined) {
      const [before, after] = [await this.documentsOf(from, context), await this.documentsOf(to, context)];
      for (const [index, name] of (['workload', 'document'] as const).entries()) {
        members.push([name, differencesText(before[index], after[index])]);
      }
    }
    const compared = { ref: from.ref, from: from.position, to: to.position, limit };
    const page = { ...compared, ...(cursor !== undefined && { cursor }) };
    const { entries, next } = await this.bus.request(ComparePast, page, context);
    return objectText([
      ['ref', JSON.stringify(from.ref)],
      ['from', momentText(from)],
      ['to', momentText(to)],
      ...members,
      ['units', JSON.stringify(entries)],
      ...(next === undefined ? [] : [['next', JSON.stringify(next)] as const]),
    ]);
  }

  /** Cairn's document of the workload and the dialect's; undefined where there was none. */
  private async documentsOf(home: PastHome, context: MessageContext): Promise<readonly (string | undefined)[]> {
    const { dialect, id } = home;
    const { past } = this.dialects.of({ dialect });
    const questions = [workloadQuestion(home)];
    if (past !== undefined) questions.push({ dialect, url: past.documentOf(id) });
    const answers = await this.ask(home, questions, context);
    return answers.map(({ status, body }) => (status === OK ? body : undefined));
  }

  /** The workload, and a unit, in raw JSON. */
  private async documents(
    home: PastHome,
    unit: string | undefined,
    context: MessageContext,
  ): Promise<readonly Member[]> {
    const { dialect, id } = home;
    const { past } = this.dialects.of({ dialect });
    const asked: [name: string, question: PastQuestion][] = [['workload', workloadQuestion(home)]];
    if (past !== undefined) {
      asked.push(['document', { dialect, url: past.documentOf(id) }]);
      if (unit !== undefined) asked.push(['unit', { dialect, url: past.documentOfUnit(id, unit) }]);
    }
    const answers = await this.ask(
      home,
      asked.map(([, question]) => question),
      context,
    );
    return asked.map(([name], index) => [name, bodyOf(answers[index], name, home)]);
  }

  private async answer(home: PastHome, url: string, context: MessageContext): Promise<readonly Member[]> {
    const [answer] = await this.ask(home, [{ dialect: home.dialect, url }], context);
    if (answer === undefined) return [];
    const { status, contentType, body } = answer;
    const shown = isJson(contentType) && body !== '' ? body : JSON.stringify(body);
    return [['answer', `{"status":${status},"body":${shown}}`]];
  }

  private async ask(
    { ref, position }: PastHome,
    questions: readonly PastQuestion[],
    context: MessageContext,
  ): Promise<readonly PastAnswer[]> {
    return (await this.bus.request(AskPast, { ref, position, questions }, context)).answers;
  }
}

const workloadQuestion = ({ ref }: PastHome): PastQuestion => {
  return { dialect: 'cairn', url: `/cairn/workloads/${encodeURIComponent(ref)}` };
};

const momentText = ({ position, time }: PastHome): string => JSON.stringify({ position, time });

/** `{"status":{"from":"processing","to":"complete"}}`: raw JSON, with null for what is not there. */
const differencesText = (from = '{}', to = '{}'): string => {
  const [before, after] = [membersOf(from), membersOf(to)];
  const names = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  return objectText(
    names.map((name) => [name, `{"from":${before.get(name) ?? 'null'},"to":${after.get(name) ?? 'null'}}`]),
  );
};

type Member = readonly [name: string, raw: string];

const isJson = (contentType: string): boolean => /^application\/([\w.]+\+)?json\b/.test(contentType);

/** @throws DomainError when there was no such thing then */
const bodyOf = (answer: PastAnswer | undefined, name: string, { ref, position, time }: PastHome): string => {
  if (answer?.status === OK && isJson(answer.contentType)) return answer.body;
  if (answer?.status === NOT_FOUND) {
    const what = name === 'unit' ? `${ref} has no such unit` : `there is no ${ref}`;
    const when = time === undefined ? 'Before the first event' : `At position ${position} (${time})`;
    throw new DomainError('not-found', `past.no-${name}`, `${when} ${what}`);
  }
  throw new DomainError('unavailable', 'past.no-answer', `The ${name} was answered with status ${answer?.status ?? 0}`);
};
