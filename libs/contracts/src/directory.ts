/** Groups that always exist, with their priorities, in this order (IceProd contract 2.2, 13). */
export const BUILT_IN_GROUPS: readonly { readonly name: string; readonly priority: number }[] = [
  { name: 'admin', priority: 1.0 },
  { name: 'simprod', priority: 0.5 },
  { name: 'filtering', priority: 0.9 },
  { name: 'users', priority: 0.8 },
];

/** Roles that always exist, in this order (IceProd contract 13). */
export const BUILT_IN_ROLES: readonly string[] = ['admin', 'user', 'system'];
