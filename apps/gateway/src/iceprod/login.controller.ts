import { Controller, Headers, Ip } from '@nestjs/common';
import { CreateToken, LogIn, type PresentedToken } from '#contracts/iceprod/users.js';
import { presentedClaims } from '#platform/tokens/presented.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { loginRoutes as routes } from './login.routes.js';

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** What the service must know of the token in the header, which has been verified on the way here. */
const presentedToken = (authorization: string): PresentedToken => {
  const { kind, claims } = presentedClaims(authorization);
  const username = textOf(claims['username']);
  const role = textOf(claims['role']);
  const type = textOf(claims['type']);
  return {
    kind,
    ...(username !== undefined && { username }),
    ...(role !== undefined && { role }),
    ...(type !== undefined && { type }),
    expiresAtSeconds: Number(claims['exp']),
  };
};

@Controller()
export class LoginController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.logIn)
  logIn(
    @ValidatedCall() { input, context }: CallOf<typeof routes.logIn>,
    @Ip() address: string,
  ): Promise<RouteResponse> {
    return this.answers.document(LogIn, { input: { ...input, address }, context });
  }

  @Serves(routes.createToken)
  async createToken(
    @ValidatedCall() { input, context }: CallOf<typeof routes.createToken>,
    @Headers('authorization') authorization: string,
  ): Promise<RouteResponse> {
    const presented = presentedToken(authorization);
    const { token } = await this.answers.reply(CreateToken, { input: { ...input, presented }, context });
    return resultOf(token);
  }
}
