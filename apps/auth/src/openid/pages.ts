import { hash } from 'node:crypto';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that may stand anywhere in a page. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:8vh 1rem;background:#eef1f4;color:#1c2733}' +
  'main{max-width:22rem;margin:0 auto;padding:1.5rem 2rem;background:#fff;border:1px solid #d5dbe1;border-radius:8px}' +
  '.brand{margin:0;color:#4d5b68;font-weight:600;letter-spacing:.04em}h1{margin:.2rem 0 1rem;font-size:1.6rem;line-height:1.25}' +
  'label{display:block;margin-bottom:.9rem}' +
  'input,button{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;border-radius:4px}' +
  'input{margin-top:.2rem;border:1px solid #77838f}button{margin-top:.6rem;background:#1a5a96;color:#fff;border:1px solid #1a5a96;cursor:pointer}' +
  'button.no{background:#fff;color:#1c2733;border-color:#77838f}' +
  'input:focus-visible,button:focus-visible{outline:3px solid #e8a33d;outline-offset:1px}' +
  '.code{font:600 1.6rem/1.2 ui-monospace,monospace;letter-spacing:.08em;margin:.4rem 0}' +
  '.bad{color:#8f1414;background:#fdeeee;border-left:4px solid #8f1414;padding:.5rem .7rem;margin:0 0 1rem}';

/** Sends the only form of its page. */
const SEND = 'document.forms[0].submit()';

const hashOf = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`;

const headersWith = (scripts: string) => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src ${hashOf(STYLE)};${scripts} frame-ancestors 'none'; base-uri 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // For browsers that do not know frame-ancestors.
  'x-frame-options': 'DENY',
});

/** Pages hold no script, so none may run; where forms lead is not restricted, because a login ends at the client's address. */
export const PAGE_HEADERS = headersWith('');
/** Of the one page that sends itself. */
export const SENDING_PAGE_HEADERS = headersWith(` script-src ${hashOf(SEND)};`);

const page = (title: string, content: string): string =>
  `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
  `<title>${escaped(title)} · Cairn</title><style>${STYLE}</style></head>\n<body><main><p class="brand">Cairn</p>` +
  `<h1>${escaped(title)}</h1>\n${content}\n</main></body></html>\n`;

const trouble = (text: string | undefined): string =>
  text === undefined ? '' : `<p class="bad" role="alert">${escaped(text)}</p>`;

/** The names of fields and the hidden one come from the provider. */
export const codePage = (action: string, secret: string, code: string, problem: string | undefined): string =>
  page(
    'Connect a program',
    `${trouble(problem)}<form method="post" action="${escaped(action)}">
<input type="hidden" name="xsrf" value="${escaped(secret)}">
<label>Code shown by your program
<input name="user_code" value="${escaped(code)}" required autofocus autocomplete="off" autocapitalize="characters" spellcheck="false"></label>
<button>Continue</button></form>`,
  );

/**
 * `form` is the provider's own form, which the buttons send.
 *
 * @param username whom the browser is logged in as already
 */
export const confirmPage = (form: string, clientId: string, code: string, username: string | undefined): string =>
  page(
    'Is this your program?',
    `${form}<p>${escaped(clientId)} shows this code:</p><p class="code">${escaped(code)}</p>
<p>Go on only if you started it yourself: it will act in your name${username === undefined ? '' : `, <b>${escaped(username)}</b>`}.</p>
<button form="op.deviceConfirmForm">${username === undefined ? 'Yes, log in' : 'Yes, go on'}</button>
<button class="no" form="op.deviceConfirmForm" name="abort" value="yes">No, refuse</button>`,
  );

/** @param clientId who sent the person here */
export const loginPage = (action: string, clientId: string, username: string, problem: string | undefined): string => {
  const focus = (isFirst: boolean): string => (isFirst === (username === '') ? ' autofocus' : '');
  return page(
    'Log in',
    `<p>to go on with ${escaped(clientId)}</p>${trouble(problem)}<form method="post" action="${escaped(action)}">
<label>User name <input name="username" value="${escaped(username)}" required${focus(true)} autocomplete="username" autocapitalize="none" spellcheck="false"></label>
<label>Password <input name="password" type="password" required${focus(false)} autocomplete="current-password"></label>
<button>Log in</button></form>`,
  );
};

export const logoutPage = (form: string): string =>
  page(
    'Log out',
    `${form}<p>Log out of Cairn? Programs that you have connected stay connected.</p>
<button form="op.logoutForm" name="logout" value="yes">Log out</button>
<button class="no" form="op.logoutForm">Stay</button>`,
  );

export const messagePage = (title: string, text: string): string => page(title, `<p>${escaped(text)}</p>`);

export const TOO_LATE = messagePage('Too late', 'Please start the login again.');
export const OUT_OF_ORDER = messagePage('This did not work', 'Please try again.');

const SELF_SENT = '<title>Submitting Callback</title>';

/** The form of a page that the provider makes to send itself; its own script may not run. */
const selfSentForm = (html: string): string | undefined => {
  const title = html.indexOf(SELF_SENT);
  const form = title === -1 ? -1 : html.indexOf('<form ', title);
  const end = form === -1 ? -1 : html.indexOf('<noscript>', form);
  return end === -1 ? undefined : html.slice(form, end);
};

/** Such a page as ours: it sends itself too, and has a button for browsers that run no script. */
export const sendingPage = (html: string): string | undefined => {
  const form = selfSentForm(html);
  return form === undefined
    ? undefined
    : page('Going on', `${form}<button>Continue</button></form><script>${SEND}</script>`);
};
