const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that may stand anywhere in a page. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

/** Pages hold no script, so none may run; where forms lead is not restricted, because a login ends at the client's address. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
} as const;

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:12vh auto;padding:0 1rem;color:#222}' +
  'input,button{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;margin:.3rem 0 .8rem}' +
  'button{background:#1a5a96;color:#fff;border:0;border-radius:4px;cursor:pointer}' +
  'button.no{background:#eee;color:#222}.code{font-size:1.6rem;letter-spacing:.1em}.bad{color:#a11}';

const page = (title: string, content: string): string =>
  `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>${escaped(title)}</title><style>${STYLE}</style></head><body><h1>${escaped(title)}</h1>\n${content}\n</body></html>\n`;

const trouble = (text: string | undefined): string =>
  text === undefined ? '' : `<p class="bad" role="alert">${escaped(text)}</p>`;

/** The names of fields and the hidden one come from the provider. */
export const codePage = (action: string, secret: string, code: string, problem: string | undefined): string =>
  page(
    'Connect a device',
    `${trouble(problem)}<form method="post" action="${escaped(action)}">
<input type="hidden" name="xsrf" value="${escaped(secret)}">
<label>Code shown by your program
<input name="user_code" value="${escaped(code)}" required autofocus autocomplete="off" autocapitalize="characters"></label>
<button>Continue</button></form>`,
  );

/** `form` is the provider's own form, which the buttons send. */
export const confirmPage = (form: string, clientId: string, code: string): string =>
  page(
    'Is this your program?',
    `${form}<p>${escaped(clientId)} shows this code:</p><p class="code">${escaped(code)}</p>
<p>Go on only if you started it yourself: it will act in your name.</p>
<button form="op.deviceConfirmForm">Yes, log in</button>
<button class="no" form="op.deviceConfirmForm" name="abort" value="yes">No, refuse</button>`,
  );

export const loginPage = (action: string, username: string, problem: string | undefined): string =>
  page(
    'Log in',
    `${trouble(problem)}<form method="post" action="${escaped(action)}">
<label>User name <input name="username" value="${escaped(username)}" required autofocus autocomplete="username"></label>
<label>Password <input name="password" type="password" required autocomplete="current-password"></label>
<button>Log in</button></form>`,
  );

export const logoutPage = (form: string): string =>
  page(
    'Log out',
    `${form}<p>Log out of Cairn?</p><button form="op.logoutForm" name="logout" value="yes">Log out</button>
<button class="no" form="op.logoutForm">Stay</button>`,
  );

export const messagePage = (title: string, text: string): string => page(title, `<p>${escaped(text)}</p>`);
