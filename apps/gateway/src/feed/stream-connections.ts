import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '#platform/domain-error.js';
import { Authentication } from '../edge/authentication.js';

/** A client that reads nothing keeps a server that stops no longer than this. */
const LAST_WORDS_MS = 1000;

/** What long answers (`text/event-stream`) have in common: they end with their client, with the server, and with the right to read them. */
@Injectable()
export class StreamConnections implements OnModuleInit {
  private readonly stopping = new AbortController();
  private readonly open = new Set<FastifyReply['raw']>();

  constructor(
    private readonly authentication: Authentication,
    private readonly adapter: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const instance = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    instance.addHook('preClose', (done) => {
      this.stopping.abort();
      setTimeout(() => {
        for (const raw of this.open) raw.destroy();
      }, LAST_WORDS_MS).unref();
      done();
    });
  }

  /** Aborted when the client is gone or the server stops. */
  endOf({ raw }: FastifyReply): AbortSignal {
    if (raw.destroyed) return AbortSignal.abort();
    const gone = new AbortController();
    this.open.add(raw);
    raw.once('close', () => {
      this.open.delete(raw);
      gone.abort();
    });
    return AbortSignal.any([gone.signal, this.stopping.signal]);
  }

  /** A stream lives long: its token may expire or be revoked meanwhile. */
  async isStillAllowed({ route, headers: { authorization } }: FastifyRequest): Promise<boolean> {
    if (route === null || authorization === undefined) return true;
    try {
      await this.authentication.authenticate(route.policy, authorization);
      return true;
    } catch (error) {
      return error instanceof DomainError && error.kind === 'unavailable';
    }
  }
}
