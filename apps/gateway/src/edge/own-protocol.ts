import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '#bus/contract.js';
import type { BodyAccount } from '../body/body-budget.js';
import type { ResponseBody } from './response-body.js';

/** Reads and answers the requests of a dialect. What it throws is answered by the dialect's `errorResponse`. */
export interface OwnProtocol {
  /** Who makes a request. It needs only the request's header. */
  authenticate(request: FastifyRequest): Caller | Promise<Caller>;
  /**
   * Carries a request out, whatever its method. `request.body` is the stream of its body, if it has one.
   *
   * @param account what the body takes in memory is counted there
   */
  serve(request: FastifyRequest, reply: FastifyReply, account: BodyAccount): Promise<ResponseBody>;
}
