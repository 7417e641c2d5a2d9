/** One of the events whose data is told by their types. */
export type EventOf<Events> = {
  readonly [Type in keyof Events]: { readonly type: Type; readonly data: Events[Type] };
}[keyof Events];
