// What the page's modules expect of each other. tsc reads it; it is not shipped.
// The shapes of data are in api.d.ts, which is made of package api.

import type * as api from "./api";

/** A place in the page: what stands in the address bar. */
export interface Address {
  /** "sessions", "runs", "tools", "context", "live" */
  view: string;
  /** What follows the view in the path, decoded: the id of a run. */
  id: string;
  /** The query. since and q (the filter) belong to the frame, all others to the view. */
  params: URLSearchParams;
}

/** What the frame gives to a view. */
export interface Frame {
  readonly address: Address;
  /** What is stored, as it was read last: known once a get has resolved. */
  readonly store: api.Store;
  /**
   * Goes to another place. Parameters that are null are removed; since and q stay unless named. The view's own parameters stay, too,
   * if neither view nor id is given.
   */
  go(to: { view?: string; id?: string; params?: Record<string, string | null> }, how?: { replace?: boolean }): void;
  /** The address of a place, for the href of a link. */
  href(to: { view?: string; id?: string; params?: Record<string, string | null> }): string;
  /** GET /api/v1/PATH, without parameters that are null. Rejects with a Failed. Stale requests of the view are aborted when it is left. */
  get<T>(path: string, params?: Record<string, string | number | null | undefined>): Promise<T>;
  /** Calls a function with the data of each event of a name, until the view is left. */
  on<K extends keyof api.Events>(name: K, take: (data: NonNullable<api.Events[K]>) => void): void;
  /**
   * Calls a function once a second while the page can be seen, until the view is left or what it returns is called: for ages and
   * open bars. There is no clock unless something is open.
   */
  eachSecond(take: (now: Date) => void): () => void;
  /** The time by the server's clock. */
  now(): Date;
  /** The side panel, empty. It is shown while it has children. */
  readonly panel: HTMLElement;
  /** The command for the same in a terminal, on the last line. */
  command(text: string): void;
  /** Says something to screen readers. */
  say(text: string): void;
}

/** What a view returns when it is shown. */
export interface Shown {
  /** The address has changed, and the view is still the same. */
  update(address: Address): void;
  /** Acts on a key, named as KeyboardEvent.key is, unless a field has the focus. Reports whether it was one of its own. */
  key?(key: string, event: KeyboardEvent): boolean;
  /** Is called when another view is shown. What came from the frame ends by itself. */
  leave?(): void;
}

/** A module in views/ exports these. */
export interface View {
  title(address: Address): string;
  show(root: HTMLElement, frame: Frame): Shown;
  /** The keys of the view, for the list behind "?". */
  readonly keys: ReadonlyArray<readonly [key: string, text: string]>;
  /** The filter has no effect in the view. */
  readonly unfiltered?: boolean;
}
