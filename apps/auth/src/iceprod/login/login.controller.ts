import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { clientOf } from '#platform/network-client.js';
import { SecretSigner } from '#platform/tokens/secret-signer.js';
import { personName } from '#platform/tokens/user-name.js';
import type { Answer, Message } from '#bus/contract.js';
import { LogIn, type LogInRequest } from '#contracts/iceprod/users.js';
import { refused } from '../../refused.js';
import { Accounts } from '../../account/accounts.js';
import { claimsOf } from '../token/mint-token.js';
import type { User } from '../../user/user.js';
import { UserProvisioning } from '../../user/user-provisioning.js';
import { LdapPasswords } from '../../login/ldap-passwords.js';
import { PasswordGuesses } from '../../login/password-guesses.js';

const failed = (): DomainError => new DomainError('forbidden', 'login.failed', 'Login failed');

/** Logins by password. */
@Controller()
export class LoginController {
  constructor(
    private readonly provisioning: UserProvisioning,
    private readonly passwords: LdapPasswords,
    private readonly accounts: Accounts,
    private readonly guesses: PasswordGuesses,
    private readonly signer: SecretSigner,
    private readonly environment: Environment,
  ) {}

  @MessagePattern(LogIn.subject)
  async logIn({
    context,
    request: { username: given, password, address },
  }: Message<LogInRequest>): Promise<Answer<{ document: string }>> {
    const timeMicros = nowMicros();
    const username = personName(given);
    const isRight =
      username !== undefined &&
      (await this.guesses.guess({ username, address }, () => this.isRight(clientOf(address), username, password)));
    if (isRight !== true) {
      return refused(failed());
    }
    const answer = await this.provisioning.provision(
      { username, groups: ['users'], roles: ['user'] },
      context,
      timeMicros,
    );
    if ('error' in answer) return answer.error.kind === 'unauthenticated' ? refused(failed()) : answer;
    return { ...answer, reply: { document: await this.answerFor(answer.reply, timeMicros) } };
  }

  private async isRight(client: string, username: string, password: string): Promise<boolean | undefined> {
    if ((await this.accounts.find(username)) === undefined) return this.passwords.isRight(client, username, password);
    // The name belongs to the local account, and not to whoever has it in the directory. The time must not reveal that.
    await this.passwords.pretend(client);
    return false;
  }

  private async answerFor({ username, roles, groups }: User, timeMicros: number): Promise<string> {
    // Nobody becomes an administrator by password alone (IceProd contract 15).
    const role = roles.includes('user') ? 'user' : 'anonymous';
    const nowSeconds = Math.floor(timeMicros / 1000) / 1000;
    const token = await this.signer.sign(
      claimsOf({
        username,
        type: 'user',
        role,
        groups,
        issuedAtSeconds: nowSeconds,
        expiresAtSeconds: Math.floor(nowSeconds) + this.environment.LDAP_TOKEN_SECONDS,
      }),
    );
    return JSON.stringify({ token, username, roles, current_role: role, groups });
  }
}
