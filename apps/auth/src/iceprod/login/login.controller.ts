import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { SecretSigner } from '#platform/tokens/secret-signer.js';
import { personName } from '#platform/tokens/user-name.js';
import type { Answer, Message } from '#bus/contract.js';
import { LogIn } from '#contracts/iceprod/users.js';
import { refused } from '../../refused.js';
import { Accounts } from '../../account/accounts.js';
import { claimsOf } from '../token/mint-token.js';
import type { User } from '../../user/user.js';
import { UserProvisioning } from '../../user/user-provisioning.js';
import { LdapPasswords } from '../../login/ldap-passwords.js';
import { PasswordAttempts } from '../../login/password-attempts.js';

/** Logins by password. */
@Controller()
export class LoginController {
  constructor(
    private readonly provisioning: UserProvisioning,
    private readonly passwords: LdapPasswords,
    private readonly accounts: Accounts,
    private readonly attempts: PasswordAttempts,
    private readonly signer: SecretSigner,
    private readonly environment: Environment,
  ) {}

  @MessagePattern(LogIn.subject)
  async logIn({
    context,
    request: { username: given, password },
  }: Message<{ username: string; password: string }>): Promise<Answer<{ document: string }>> {
    const username = personName(given);
    if (username === undefined || !(await this.isRight(username, password))) {
      return refused(new DomainError('forbidden', 'login.failed', 'Login failed'));
    }
    const timeMicros = nowMicros();
    const answer = await this.provisioning.provision(
      { username, groups: ['users'], roles: ['user'] },
      context,
      timeMicros,
    );
    if ('error' in answer) return answer;
    return { ...answer, reply: { document: await this.answerFor(answer.reply, timeMicros) } };
  }

  private async isRight(username: string, password: string): Promise<boolean> {
    if (this.attempts.isLocked(username)) return false;
    // The name belongs to the local account, and not to whoever has it in the directory.
    if ((await this.accounts.find(username)) !== undefined) return false;
    const isRight = await this.passwords.isRight(username, password);
    if (isRight === true) this.attempts.succeeded(username);
    if (isRight === false) this.attempts.failed(username);
    return isRight === true;
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
