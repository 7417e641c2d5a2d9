const SUB_ROUTE_OF_GROUP = /^(\/+groups\/)([^?#]+)(\/(?:credentials|exchange))(?=$|[?#])/;

/** Names of groups may hold slashes; before a sub-route the router needs them as one segment (IceProd contract 1.1.7). */
export const withGroupAsSegment = (url: string): string =>
  url.replace(SUB_ROUTE_OF_GROUP, (_, before: string, name: string, behind: string) =>
    [before, name.replaceAll('/', '%2F'), behind].join(''),
  );
