import type { Configuration } from 'oidc-provider';
import { codePage, confirmPage, messagePage } from './pages.js';
import { showIn } from './show-page.js';
import { PATHS, textOf } from './web-request.js';

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>;

/** What is wrong with a code, by the library's names of errors. */
const CODE_TROUBLES: Readonly<Record<string, string>> = {
  NoCodeError: 'Please type the code that your program shows.',
  NotFoundError: 'This code is not known, or no longer.',
  ExpiredError: 'This code has ended. Start your program again to get another one.',
  AlreadyUsedError: 'This code was used already. Start your program again to get another one.',
};

/**
 * The device grant, in our pages.
 *
 * @param base path of the realm as browsers see it
 */
export const deviceFlow = (base: string): DeviceFlow => ({
  enabled: true,
  mask: '****-****',
  userCodeInputSource: (ctx, _form, out, problem) => {
    const { state } = (ctx.oidc.session ?? {}) as { state?: { secret?: unknown } };
    const name = (problem as { name?: unknown } | undefined)?.name;
    if (name === 'AbortedError') {
      showIn(ctx, messagePage('Refused', 'The program gets no access. You can close this page.'));
      return;
    }
    const isAsked = problem === undefined && out === undefined;
    const text = isAsked ? undefined : (CODE_TROUBLES[String(name)] ?? 'This page was too old. Please try again.');
    if (text !== undefined) ctx.status = 400;
    const action = `${base}${PATHS.code_verification}`;
    const typed = textOf(ctx.query['code']) || textOf((problem as { userCode?: unknown } | undefined)?.userCode);
    showIn(ctx, codePage(action, textOf(state?.secret), typed, text));
  },
  userCodeConfirmSource: (ctx, form, client, _info, code) =>
    showIn(ctx, confirmPage(form, client.clientId, code, ctx.oidc.session?.accountId)),
  successSource: (ctx) => {
    const { session, client } = ctx.oidc;
    const who = `${client?.clientId ?? 'The program'} acts for ${session?.accountId ?? 'you'} now.`;
    showIn(ctx, messagePage('You are logged in', `${who} Go back to it; you can close this page.`));
  },
});
