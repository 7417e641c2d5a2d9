/** PanDA contract 2.5. */
export const authConfigRaw = {
  authConfig: {
    methods: ['GET'],
    path: '/auth/:vo([\\w.-]+)_auth_config.json',
    summary: 'Where users of a VO get their tokens, for panda-client',
  },
} as const;
