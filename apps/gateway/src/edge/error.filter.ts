import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SendError } from './send-error.js';

/** Answers whatever controllers and Fastify throw. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly sendError: SendError) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.sendError(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), error);
  }
}
