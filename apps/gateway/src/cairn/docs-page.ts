import type { OpenApiDocument, Operation, Parameter } from '../route/openapi.js';
import type { Schema } from '../route/field.js';
import { html, type Html } from '../route/html.js';

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const wordsIn = (value: unknown): readonly string[] =>
  [value].flat().filter((word): word is string => typeof word === 'string');

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --link: light-dark(#0a5fb4, #7db7f5); }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; box-sizing: border-box; padding: 1rem; font-size: 0.85rem;
  border-right: 1px solid var(--line); }
nav ul { list-style: none; margin: 0 0 0.8rem; padding: 0; }
nav a { display: block; overflow-wrap: anywhere; padding: 0.1rem 0; }
main { padding: 1rem 2rem 4rem; max-width: 60rem; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
article { margin: 2.5rem 0; } h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; } h4 { margin: 1rem 0 0.3rem; }
article p { margin: 0.3rem 0; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.85rem; }
pre { background: var(--soft); padding: 0.7rem; border-radius: 4px; overflow: auto; max-height: 28rem; margin: 0.3rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.verb { display: inline-block; min-width: 4rem; color: var(--link); }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
td, th { text-align: left; vertical-align: top; padding: 0.2rem 0.8rem 0.2rem 0; border-top: 1px solid var(--line); }
@media (max-width: 60rem) { body { display: block; } nav { position: static; height: auto; border: 0; } main { padding: 1rem; } }
`;

/** Strict: the page has no scripts and loads nothing. */
export const DOCS_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const pretty = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, undefined, 2));

const typeOf = (schema: Schema, schemas: Readonly<Record<string, Schema>>): Html => {
  const { $ref: reference, type, enum: words, items, oneOf, anyOf, pattern } = schema;
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? '';
    return schemas[name] === undefined ? html`${name}` : html`<a href="#schema-${name}">${name}</a>`;
  }
  if (Array.isArray(words))
    return html`${wordsIn(words).map((word, index) => html`${index > 0 ? ' | ' : ''}<code>${word}</code>`)}`;
  const alternatives = oneOf ?? anyOf;
  if (Array.isArray(alternatives)) {
    return html`${alternatives.map((one: Schema, index) => html`${index > 0 ? ' or ' : ''}${typeOf(one, schemas)}`)}`;
  }
  if (type === 'array') return html`list of ${typeOf((items ?? {}) as Schema, schemas)}`;
  if (type === undefined) return html`any value`;
  return html`${wordsIn(type).join(' or ')}${typeof pattern === 'string' ? html` <code>${pattern}</code>` : ''}`;
};

const membersTable = (schema: Schema, schemas: Readonly<Record<string, Schema>>): Html | undefined => {
  const members = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>);
  if (members.length === 0) return undefined;
  const required = new Set((schema['required'] ?? []) as readonly string[]);
  return html`<table>
    ${members.map(
      ([name, member]) =>
        html`<tr>
          <td><code>${name}</code>${required.has(name) ? ' (required)' : ''}</td>
          <td>${typeOf(member, schemas)}</td>
          <td>${textIn(member['description'])}</td>
        </tr>`,
    )}
  </table>`;
};

const parametersTable = (
  parameters: readonly Parameter[],
  schemas: Readonly<Record<string, Schema>>,
): Html | undefined =>
  parameters.length === 0
    ? undefined
    : html`<h4>Parameters</h4>
        <table>
          ${parameters.map(
            ({ name, in: where, required, schema, description }) =>
              html`<tr>
                <td><code>${name}</code>${required ? ' (required)' : ''}</td>
                <td>${where}, ${typeOf(schema, schemas)}</td>
                <td>${description}</td>
              </tr>`,
          )}
        </table>`;

/** A command that can be pasted into a shell, once `$CAIRN` and `$TOKEN` are set. Others can read the command line, but not the file. */
const curlOf = (verb: string, path: string, { parameters, requestBody, security }: Operation): string => {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(textIn(parameters.find((parameter) => parameter.name === name)?.example) ?? name),
  );
  const body = Object.values(requestBody?.content ?? {})[0]?.example;
  return [
    `curl${verb === 'get' ? '' : ` -X ${verb.toUpperCase()}`} "$CAIRN${filled}"`,
    ...(security === undefined ? ['-H @"$TOKEN"'] : []),
    ...(body === undefined ? [] : [`--json '${JSON.stringify(body).replaceAll("'", "'\\''")}'`]),
  ].join(' \\\n  ');
};

const responsesOf = ({ responses }: Operation): readonly Html[] =>
  Object.entries(responses).map(([status, { description, content }]) => {
    const [[type, { example }] = ['', { example: undefined }]] = Object.entries(content);
    const isSuccess = status.startsWith('2');
    return isSuccess
      ? html`<h4>Response ${status}</h4>
          <p>${type}</p>
          <pre>${pretty(example)}</pre>`
      : html`<tr>
          <td>${status}</td>
          <td>${description}</td>
          <td><code>${JSON.stringify(example)}</code></td>
        </tr>`;
  });

const operationArticle = (
  path: string,
  verb: string,
  operation: Operation,
  schemas: Readonly<Record<string, Schema>>,
): Html => {
  const { operationId, summary, description, parameters, requestBody, 'x-records': records } = operation;
  const [success, ...errors] = responsesOf(operation);
  const [body] = Object.values(requestBody?.content ?? {});
  const bodySchema = body && (schemas[String(body.schema['$ref']).split('/').at(-1) ?? ''] ?? body.schema);
  return html`<article id="${operationId}">
    <h3>
      <a href="#${operationId}"
        ><code><span class="verb">${verb.toUpperCase()}</span> ${path}</code></a
      >
    </h3>
    <p>${summary}.</p>
    <p>${description}</p>
    ${records && html`<p>Records ${records.map((name, index) => html`${index > 0 ? ', ' : ''}<code>${name}</code>`)}.</p>`}
    ${parametersTable(parameters, schemas)}
    ${
      bodySchema &&
      html`<h4>Body</h4>
        <p>${requestBody?.description}</p>
        ${membersTable(bodySchema, schemas)}`
    }
    <h4>Example</h4>
    <pre>${curlOf(verb, path, operation)}</pre>
    ${success}
    <h4>Errors</h4>
    <table>
      ${errors}
    </table>
  </article> `;
};

const TOKENS = html`<section id="tokens">
  <h2>How to get a token</h2>
  <p>
    Most operations need a token, which the header <code>Authorization: Bearer TOKEN</code> carries. The examples below
    take the address of the server from a variable of the shell, and that header from a file, because every user of a
    machine can read its command lines:
  </p>
  <pre>
CAIRN=http://localhost:8080
TOKEN=$(mktemp)
echo "Authorization: Bearer $(npx cairn token --user alice --role user --group simprod)" > $TOKEN</pre>
  <p>
    <code>npx cairn token</code> works on the machine that holds Cairn's data folder. It prints a token that lives for
    an hour; <code>--hours 24</code> makes it live for a day. Roles are <code>user</code>, <code>admin</code>,
    <code>system</code> (the production system), <code>worker</code> (programs that run tasks) and
    <code>pilot</code> (old ones).
  </p>
  <p>
    Everywhere else people log in by browser, with the OpenID device grant: a program asks for a code, shows it, and
    polls for the token while the person types the code on the page and logs in with user name and password (<code
      >npx cairn user</code
    >
    makes accounts).
  </p>
  <pre>
REALM=$CAIRN/auth/realms/IceCube/protocol/openid-connect
curl -d client_id=iceprod-public -d scope=offline_access $REALM/auth/device
# open verification_uri_complete in a browser, then:
curl -d client_id=iceprod-public -d grant_type=urn:ietf:params:oauth:grant-type:device_code -d device_code=DEVICE_CODE $REALM/token</pre>
  <p>
    Programs have an id and a secret (<code>npx cairn client</code>) and use the grant
    <code>client_credentials</code> at the same address. Where logins by LDAP are configured,
    <a href="#logIn"><code>POST /ldap</code></a> takes user name and password;
    <a href="#createToken"><code>POST /create_token</code></a> makes a lesser token of one that you hold.
  </p>
</section> `;

/** The whole documentation as one page without scripts: the browser's own search finds everything in it. */
export const docsPage = ({ info, paths, components: { schemas } }: OpenApiDocument): string => {
  const tags = new Map<string, (readonly [path: string, verb: string, operation: Operation])[]>();
  for (const [path, verbs] of Object.entries(paths)) {
    for (const [verb, operation] of Object.entries(verbs)) {
      const [tag = ''] = operation.tags;
      tags.set(tag, [...(tags.get(tag) ?? []), [path, verb, operation]]);
    }
  }
  const documents = Object.entries(schemas).filter(([name]) => !name.endsWith('Body'));
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${info.title} API</title>
        <link rel="icon" href="data:," />
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <nav>
          <ul>
            <li>
              <a href="#tokens"><b>How to get a token</b></a>
            </li>
          </ul>
          ${[...tags].map(
            ([tag, operations]) =>
              html`<b>${tag}</b>
                <ul>
                  ${operations.map(
                    ([path, verb, { operationId }]) =>
                      html`<li><a href="#${operationId}">${verb.toUpperCase()} ${path}</a></li>`,
                  )}
                </ul>`,
          )}
          <b>schemas</b>
          <ul>
            ${documents.map(([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`)}
          </ul>
        </nav>
        <main>
          <h1>${info.title} API</h1>
          <p>${info.description}</p>
          <p>
            The same as <a href="/openapi.json">OpenAPI document</a>. A name behind <i>Records</i> is the type of the
            event that an operation leaves in the history, as
            <a href="#getUnitHistory"><code>/cairn/history/units/{unit_id}</code></a> shows it.
          </p>
          ${TOKENS}
          ${[...tags].map(
            ([tag, operations]) =>
              html`<h2>${tag}</h2>
                ${operations.map(([path, verb, operation]) => operationArticle(path, verb, operation, schemas))}`,
          )}
          <h2>schemas</h2>
          ${documents.map(
            ([name, schema]) =>
              html`<article id="schema-${name}">
                <h3>${name}</h3>
                <p>${textIn(schema['description'])}</p>
                ${membersTable(schema, schemas)}
              </article>`,
          )}
        </main>
      </body>
    </html> `.text;
};
