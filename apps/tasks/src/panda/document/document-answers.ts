import { Injectable } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import type { DocumentRequest } from '#contracts/panda/documents.js';
import { CHUNK_CHARACTERS_MAX, type Chunks, type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Slices } from '#event-sourcing/slices.js';
import { PandaMessageHandler } from '../message-handler.js';
import type { PandaReader } from '../sqlite-view.js';
import type { JsonPieces } from './json-text.js';

/** Answers with JSON text, however long it is: page by page, from one committed state, in slices that do not keep others waiting. */
@Injectable()
export class DocumentAnswers {
  private readonly answers: PagedAnswers;

  constructor(
    private readonly handler: PandaMessageHandler,
    { snapshots }: ReadModel,
  ) {
    this.answers = textPages(snapshots);
  }

  /** @param write may throw a `DomainError`, which is the answer */
  answer<Request extends DocumentRequest>(
    message: Message<Request>,
    write: (reader: PandaReader, request: Request) => JsonPieces,
  ): Promise<Answer<Page>> {
    const { request } = message;
    return this.handler.read(message, () =>
      this.answers.page(request.cursor, (snapshot) => chunksOf(write(this.handler.readerIn(snapshot), request))),
    );
  }
}

async function* chunksOf(pieces: JsonPieces): Chunks {
  const slices = new Slices();
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length >= CHUNK_CHARACTERS_MAX) {
      yield { entries: [text] };
      text = '';
    }
    if (slices.spent) await slices.pause();
  }
  yield { entries: [text] };
  return undefined;
}

/** What clients are told when there is nothing to answer. */
export const notFound = (message: string): DomainError => new DomainError('not-found', 'panda.not-found', message);
