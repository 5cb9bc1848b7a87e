// Made of package api.

export interface Reply {
  readonly version: number;
  readonly now: string;
}
export interface Failure {
  readonly version: number;
  readonly error: string;
  readonly next?: string;
  readonly term?: string;
}
export type Tone = "quiet" | "ok" | "bad" | "late" | "person" | "gone";
export interface Remark {
  readonly text: string;
  readonly tone: Tone;
}
export interface Fact {
  readonly label: string;
  readonly text: string;
  readonly tone?: Tone;
}
export interface Place {
  readonly run?: string;
  readonly session?: string;
  readonly operation?: number;
}
export interface Excluding {
  readonly term: string;
  readonly without: string;
  readonly matches: number;
}
export interface Token extends Reply {
  readonly token: string;
}
export interface Code {
  readonly code: string;
}
export interface Store extends Reply {
  readonly dir: string;
  readonly sessions: number;
  readonly size: number;
  readonly limit?: number;
  readonly hung: number;
  readonly since: string;
  readonly content: string;
  readonly sends: string;
  readonly problem?: string;
}
export interface Context extends Reply {
  readonly client: string;
  readonly clients: ReadonlyArray<string>;
  readonly window: number;
  readonly summary: string;
  readonly total: number;
  readonly usual?: UsualResults;
  readonly servers: ReadonlyArray<ContextServer>;
  readonly results: ReadonlyArray<ResultRow>;
  readonly left_out?: number;
  readonly cut: ReadonlyArray<Remark>;
  readonly note: string;
  readonly command: string;
}
export interface UsualResults {
  readonly p50: number;
  readonly text: string;
}
export interface ContextServer {
  readonly server: string;
  readonly release?: string;
  readonly tokens: number;
  readonly called: number;
  readonly listed: number;
  readonly large: number;
  readonly history: ReadonlyArray<HistoryPoint>;
  readonly change?: Remark;
  readonly definitions: ReadonlyArray<ContextDefinition>;
}
export interface HistoryPoint {
  readonly at: string;
  readonly tokens: number;
  readonly text: string;
}
export interface ContextDefinition {
  readonly name: string;
  readonly kind: string;
  readonly key: string;
  readonly tokens: number;
  readonly size: number;
  readonly calls: number;
  readonly over?: Remark;
  readonly cut?: boolean;
  readonly history: ReadonlyArray<HistoryPoint>;
  readonly change?: Remark;
  readonly changed?: boolean;
}
export interface ResultRow {
  readonly server: string;
  readonly tool: string;
  readonly key: string;
  readonly results: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  readonly large: number;
  readonly total: number;
}
export interface Definition extends Reply {
  readonly server: string;
  readonly name: string;
  readonly badge?: Remark;
  readonly headline: string;
  readonly detail?: string;
  readonly facts: ReadonlyArray<Fact>;
  readonly history?: ReadonlyArray<HistoryPoint>;
  readonly parts: ReadonlyArray<DefinitionPart>;
  readonly notes?: ReadonlyArray<string>;
  readonly text?: string;
  readonly diff?: boolean;
  readonly text_note: string;
  readonly setting?: string;
  readonly commands: ReadonlyArray<string>;
  readonly accept?: string;
}
export interface DefinitionPart {
  readonly part: string;
  readonly state: string;
  readonly changed?: boolean;
}
export interface Live extends Reply {
  readonly summary: string;
  readonly open: ReadonlyArray<Open>;
  readonly sessions: ReadonlyArray<LiveSession>;
  readonly ended: ReadonlyArray<Ended>;
  readonly stood_out: ReadonlyArray<Alert>;
  readonly hang_after: number;
  readonly command: string;
}
export interface Open extends Place {
  readonly id: string;
  readonly client: string;
  readonly server: string;
  readonly name: string;
  readonly start: string;
  readonly outcome: Outcome;
  readonly waiting?: boolean;
  readonly side: string;
  readonly headline?: string;
  readonly detail?: string;
  readonly stations?: ReadonlyArray<Station>;
}
export interface LiveSession extends Session {
  readonly run: string;
  readonly client: string;
  readonly rate: number;
  readonly cpu?: number;
  readonly memory?: number;
  readonly recent: Strip;
}
export interface Ended extends Place {
  readonly id: string;
  readonly at: string;
  readonly server: string;
  readonly name: string;
  readonly asked?: boolean;
  readonly took: number;
  readonly size?: number;
  readonly outcome: Outcome;
}
export interface Events {
  readonly hello?: Hello;
  readonly runs?: RunsEvent;
  readonly gone?: GoneEvent;
  readonly operations?: Operations;
  readonly live?: Live;
  readonly attention?: AttentionEvent;
  readonly listing?: Reply;
  readonly trouble?: TroubleEvent;
  readonly bye?: Reply;
}
export interface Hello extends Reply {
  readonly reset: boolean;
}
export interface RunsEvent extends Reply {
  readonly runs: ReadonlyArray<Run>;
}
export interface GoneEvent extends Reply {
  readonly sessions: ReadonlyArray<string>;
}
export interface AttentionEvent extends Reply {
  readonly alerts: ReadonlyArray<Alert>;
  readonly hung: number;
}
export interface TroubleEvent extends Reply {
  readonly text: string;
}
export interface RunDetail extends Reply {
  readonly run: Run;
  readonly remarks: ReadonlyArray<Remark>;
  readonly commands: ReadonlyArray<string>;
}
export interface Operations extends Reply {
  readonly run: string;
  readonly base: string;
  readonly sessions: ReadonlyArray<string>;
  readonly names: ReadonlyArray<string>;
  readonly outcomes: ReadonlyArray<Outcome>;
  readonly session: ReadonlyArray<number>;
  readonly number: ReadonlyArray<number>;
  readonly name: ReadonlyArray<number>;
  readonly flags: ReadonlyArray<number>;
  readonly parent: ReadonlyArray<number>;
  readonly start: ReadonlyArray<number>;
  readonly end: ReadonlyArray<number>;
  readonly first: ReadonlyArray<number>;
  readonly took: ReadonlyArray<number>;
  readonly outcome: ReadonlyArray<number>;
  readonly persons?: Readonly<Record<number, ReadonlyArray<number>>>;
  readonly events?: Readonly<Record<number, ReadonlyArray<number>>>;
  readonly answer?: Readonly<Record<number, number>>;
  readonly left_out?: number;
  readonly next?: string;
}
export interface Outcome {
  readonly ending: string;
  readonly text: string;
  readonly tone: Tone;
  readonly failed?: boolean;
  readonly trouble?: boolean;
}
export interface Resources extends Reply {
  readonly base: string;
  readonly sessions: ReadonlyArray<SessionResources>;
}
export interface SessionResources {
  readonly session: string;
  readonly at: ReadonlyArray<number>;
  readonly cpu: ReadonlyArray<number>;
  readonly memory: ReadonlyArray<number>;
  readonly text: string;
}
export interface Operation extends Reply, Place {
  readonly server: string;
  readonly name: string;
  readonly kind: string;
  readonly outcome: Outcome;
  readonly badge: string;
  readonly headline: string;
  readonly detail?: string;
  readonly stations: ReadonlyArray<Station>;
  readonly evidence: ReadonlyArray<Fact>;
  readonly remarks?: ReadonlyArray<Remark>;
  readonly hint?: string;
  readonly attributes: ReadonlyArray<Attribute>;
  readonly content: Content;
  readonly moments?: ReadonlyArray<Moment>;
  readonly related?: ReadonlyArray<Related>;
  readonly commands: ReadonlyArray<string>;
}
export interface Station {
  readonly name: string;
  readonly state: string;
  readonly text: string;
  readonly tone: Tone;
}
export interface Attribute {
  readonly key: string;
  readonly value: string;
  readonly meaning?: string;
}
export interface Content {
  readonly parts?: ReadonlyArray<Part>;
  readonly note: string;
  readonly setting?: string;
  readonly expires?: string;
}
export interface Part {
  readonly label: string;
  readonly text: string;
  readonly size: number;
  readonly cut?: boolean;
}
export interface Moment {
  readonly after: number;
  readonly text: string;
}
export interface Related extends Place {
  readonly relation: string;
  readonly name: string;
  readonly outcome: Outcome;
}
export interface Sessions extends Reply {
  readonly attention: ReadonlyArray<Alert>;
  readonly facets: ReadonlyArray<Facet>;
  readonly in_time: number;
  readonly runs: ReadonlyArray<Run>;
  readonly next?: string;
  readonly excluding?: Excluding;
  readonly reading?: boolean;
  readonly unsearched?: number;
  readonly command: string;
}
export interface Alert extends Place {
  readonly word: string;
  readonly tone: Tone;
  readonly hung?: boolean;
  readonly subject: string;
  readonly text: string;
  readonly at: string;
}
export interface Facet {
  readonly name: string;
  readonly values: ReadonlyArray<FacetValue>;
}
export interface FacetValue {
  readonly label: string;
  readonly term: string;
  readonly count: number;
}
export interface Run extends Sums {
  readonly id: string;
  readonly client: string;
  readonly client_version?: string;
  readonly live: boolean;
  readonly began: string;
  readonly until: string;
  readonly end: End;
  readonly sessions: ReadonlyArray<Session>;
}
export interface End {
  readonly text: string;
  readonly tone: Tone;
  readonly mark: string;
}
export interface Sums {
  readonly calls: number;
  readonly failed: number;
  readonly hung: number;
  readonly hung_now?: number;
  readonly open?: number;
  readonly p95?: number;
  readonly context?: number;
  readonly received: number;
}
export interface Session extends Sums {
  readonly name: string;
  readonly number?: number;
  readonly server: string;
  readonly release?: string;
  readonly changed?: boolean;
  readonly live: boolean;
  readonly began: string;
  readonly until: string;
  readonly end: End;
  readonly trouble?: string;
  readonly strip?: Strip;
}
export interface Strip {
  readonly width: number;
  readonly calls: ReadonlyArray<number>;
  readonly failed: ReadonlyArray<number>;
  readonly hangs?: ReadonlyArray<readonly [number, number]>;
}
export interface Tools extends Reply {
  readonly summary: string;
  readonly rows: ReadonlyArray<ToolRow>;
  readonly never: ReadonlyArray<Never>;
  readonly sequences: ReadonlyArray<Sequence>;
  readonly excluding?: Excluding;
  readonly command: string;
}
export interface ToolRow extends ToolFigures {
  readonly server?: string;
  readonly tool?: string;
  readonly kind?: string;
  readonly client?: string;
  readonly key: string;
  readonly remark?: Remark;
}
export interface ToolFigures {
  readonly calls: number;
  readonly failed: number;
  readonly hung: number;
  readonly failure_rate?: number;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  readonly latency: ReadonlyArray<number>;
  readonly result_p95?: number;
}
export interface Never {
  readonly server: string;
  readonly tools: ReadonlyArray<string>;
}
export interface Sequence {
  readonly tools: ReadonlyArray<string>;
  readonly count: number;
  readonly tone: Tone;
}
export interface Tool extends Reply {
  readonly row: ToolRow;
  readonly headline: string;
  readonly detail?: string;
  readonly heat: Heat;
  readonly errors: ReadonlyArray<Count>;
  readonly last_failure?: Ended;
  readonly left_out?: string;
  readonly sizes: ReadonlyArray<Fact>;
  readonly callers: ReadonlyArray<Caller>;
  readonly before: ReadonlyArray<Flow>;
  readonly after: ReadonlyArray<Flow>;
  readonly commands: ReadonlyArray<string>;
}
export interface Heat {
  readonly slots: ReadonlyArray<string>;
  readonly labels: ReadonlyArray<string>;
  readonly rows: ReadonlyArray<HeatRow>;
  readonly failed: ReadonlyArray<number>;
}
export interface HeatRow {
  readonly from: number;
  readonly to?: number;
  readonly counts: ReadonlyArray<number>;
}
export interface Count {
  readonly label: string;
  readonly count: number;
}
export interface Caller {
  readonly client: string;
  readonly calls: number;
  readonly failed: number;
}
export interface Flow {
  readonly name: string;
  readonly count: number;
  readonly gap?: number;
  readonly tone: Tone;
}
