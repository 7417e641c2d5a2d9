import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Bus } from '#bus/bus.js';
import { SettleCompletionScript } from '#contracts/torc/workflows.js';
import { Log } from '#platform/logging.js';

/** A client that has not got its answer gives its connection up sooner. */
const ARRIVED_AFTER_MS = 2_000;
/** How long to wait for what another gateway finds out before the service is asked again. */
const ASK_AGAIN_MS = 200;
/** How long the service may take to hear of it: it may be restarting. */
const SETTLE_WITHIN_MS = 60_000;

interface HandOut {
  readonly workflow: string;
  /** Names it for the service. */
  readonly hand_out: string;
}

/**
 * Finds out whether the answer that tells a worker to run the completion script has arrived (Torc contract 5.11, D33): another request
 * came over its connection, the connection stayed open for a while, or it was meant to be closed and the answer was written.
 */
@Injectable()
export class CompletionScripts implements OnModuleInit {
  /** By connection: what its next request proves. */
  private readonly onNextRequest = new WeakMap<Socket, () => void>();
  /** By workflow: the last hand-out, until the service knows whether it has arrived. */
  private readonly unsettled = new Map<string, Promise<void>>();

  constructor(
    private readonly bus: Bus,
    private readonly log: Log,
    private readonly adapter: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getHttpServer() as Server;
    server.on('request', ({ socket }: IncomingMessage) => this.onNextRequest.get(socket)?.());
  }

  /** Resolves when the service knows whether the last answer has arrived: the next caller gets what was lost. */
  settled(workflow: string): Promise<void> {
    return this.unsettled.get(workflow) ?? delay(ASK_AGAIN_MS);
  }

  /** Call it before the answer is sent. */
  follow(handOut: HandOut, request: FastifyRequest, reply: FastifyReply): void {
    const settling = this.outcomeOf(request, reply)
      .then((hasArrived) => this.settle(handOut, hasArrived, request))
      .finally(() => {
        if (this.unsettled.get(handOut.workflow) === settling) this.unsettled.delete(handOut.workflow);
      });
    this.unsettled.set(handOut.workflow, settling);
  }

  /** Resolves with whether the answer to a request has arrived. */
  private outcomeOf({ raw: { socket } }: FastifyRequest, { raw: response }: FastifyReply): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      let isSettled = false;
      const settle = (hasArrived: boolean): void => {
        if (isSettled) return;
        isSettled = true;
        clearTimeout(timer);
        this.onNextRequest.delete(socket);
        resolve(hasArrived);
      };
      if (socket.destroyed) {
        settle(false);
        return;
      }
      socket.once('close', () => settle(false));
      response.once('finish', () => {
        if (!response.shouldKeepAlive) {
          settle(true);
          return;
        }
        this.onNextRequest.set(socket, () => settle(true));
        timer = setTimeout(() => settle(true), ARRIVED_AFTER_MS);
      });
    });
  }

  private async settle(handOut: HandOut, hasArrived: boolean, { call }: FastifyRequest): Promise<void> {
    if (call === null) return;
    const message = { ...handOut, has_arrived: hasArrived };
    const context = { ...call.context, deadlineMs: Date.now() + SETTLE_WITHIN_MS };
    try {
      await this.bus.request(SettleCompletionScript, message, context);
    } catch (error) {
      this.log.warn({ error, ...handOut }, 'a completion script could not be settled');
    }
  }
}
