/** Users of the LDAP server. */
export const PASSWORDS = {
  pingu: 'noot noot',
  zed: 'Zürich',
  'odd, name+x': 'odd "password" \\ €',
  submitter: 'secret-5',
  guessed: 'right all the time',
};
