import type { Configuration } from 'oidc-provider';
import { logoutPage, messagePage } from './pages.js';
import { showIn } from './show-page.js';

type Logout = NonNullable<NonNullable<Configuration['features']>['rpInitiatedLogout']>;

/** Logging out of a browser, in our pages. */
export const logout: Logout = {
  enabled: true,
  logoutSource: (ctx, form) => showIn(ctx, logoutPage(form)),
  postLogoutSuccessSource: async (ctx) => {
    const { accountId } = await ctx.oidc.provider.Session.get(ctx);
    showIn(
      ctx,
      accountId === undefined
        ? messagePage('You are logged out', 'You can close this page.')
        : messagePage('You are still logged in', `As ${accountId}. You can close this page.`),
    );
  },
};
